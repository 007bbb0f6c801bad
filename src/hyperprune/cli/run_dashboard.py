"""What ``hyperprune dashboard`` does."""

import signal
from pathlib import Path

import typer

from hyperprune.optional import try_import
from hyperprune.search import RunFolder


def dashboard(run: Path, port: int) -> None:
    """Serve until Ctrl-C, which is how it is meant to end."""
    folder = RunFolder(run.expanduser().resolve())
    folder.config()  # no run: said before anything else
    instead = f"look at hyperprune report {run}"
    try_import("optuna_dashboard", extra="dashboard", needed_by="the dashboard", instead=instead)
    from hyperprune.reports.dashboard import Window, server

    with server(Window(folder), port) as listening:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        typer.echo(f"Dashboard of {folder.path}: http://127.0.0.1:{listening.server_port}/ (Ctrl-C ends it)")
        try:
            listening.serve_forever()
        except KeyboardInterrupt:
            typer.echo("")
