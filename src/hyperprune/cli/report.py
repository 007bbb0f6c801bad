"""``hyperprune report``."""

from pathlib import Path
from typing import Annotated

import typer

from hyperprune import reports
from hyperprune.search import RunFolder


def report(
    run: Annotated[Path, typer.Argument(help="Run folder of a search.")] = Path("runs/search"),
) -> None:
    """Write report.html and its figures from a run folder, also while its search is under way."""
    typer.echo(reports.write(RunFolder(run.expanduser().resolve())))
