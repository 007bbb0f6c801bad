"""``hyperprune report``."""

from pathlib import Path
from typing import Annotated

import typer


def report(
    run: Annotated[Path, typer.Argument(help="Run folder of a search or a training.")] = Path("runs/search"),
) -> None:
    """Write report.html and its figures from the run folder of a search or a training, also while it runs."""
    from hyperprune import reports
    from hyperprune.cli.terminal.screen import Screen

    Screen().say(str(reports.write(run)))
