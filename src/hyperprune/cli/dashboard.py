"""``hyperprune dashboard``."""

from pathlib import Path
from typing import Annotated

import typer

from hyperprune import files
from hyperprune.cli.table import option


def dashboard(
    run: Annotated[Path, typer.Argument(help="Run folder of a search.")] = Path("runs/search"),
    port: Annotated[
        int, option(None, "Port to listen on, on this machine; 0 for any free port.", min=0)
    ] = 8080,
) -> None:
    """Watch a search in Optuna's dashboard, also while it runs; Ctrl-C ends it.

    It shows a copy of the run and can change nothing in it. Each candidate has its spectra as a picture
    and its story as a note. Only this machine can reach it.
    """
    import signal

    from hyperprune.cli.terminal.screen import Screen
    from hyperprune.optional import try_import
    from hyperprune.search import RunFolder

    folder = RunFolder(files.place(run))
    folder.config()  # no run: said before anything else
    instead = f"look at hyperprune report {run}"
    try_import("optuna_dashboard", extra="dashboard", needed_by="the dashboard", instead=instead)
    from hyperprune.reports.dashboard import Window, server

    with server(Window(folder), port) as listening:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        Screen().say(
            f"Dashboard of {folder.path}: http://127.0.0.1:{listening.server_port}/ (Ctrl-C ends it)"
        )
        try:
            listening.serve_forever()
        except KeyboardInterrupt:
            Screen().print()
