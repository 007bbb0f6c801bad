"""``hyperprune dashboard``."""

from pathlib import Path
from typing import Annotated

import typer


def dashboard(
    run: Annotated[Path, typer.Argument(help="Run folder of a search.")] = Path("runs/search"),
    port: Annotated[
        int, typer.Option(help="Where it listens on this machine; 0 for any port that is free.", min=0)
    ] = 8080,
) -> None:
    """Watch a search in Optuna's dashboard, also while it runs; Ctrl-C ends it.

    It shows a copy of the run and can change nothing in it. Each candidate has its spectra as a picture
    and its story as a note. Only this machine can reach it.
    """
    from hyperprune.cli import run_dashboard

    run_dashboard.dashboard(run, port)
