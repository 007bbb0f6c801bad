"""``hyperprune report``."""

from pathlib import Path
from typing import Annotated

import typer

from hyperprune.cli import options


def report(
    run: Annotated[Path, typer.Argument(help="Run folder of a search or a training.")] = Path("runs/search"),
    times: options.Times = False,
    task: options.TaskAgain = None,
) -> None:
    """Write report.html and its figures from the run folder of a search or a training, also while it runs."""
    from hyperprune.cli.work import run_report

    run_report.report(run, task, times=times)
