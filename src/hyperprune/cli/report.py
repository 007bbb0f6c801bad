"""``hyperprune report``."""

from pathlib import Path
from typing import Annotated

import typer


def report(
    run: Annotated[Path, typer.Argument(help="Run folder of a search.")] = Path("runs/search"),
) -> None:
    """Write report.html and its figures from the run folder of a search, also while it runs."""
    from hyperprune import files, reports
    from hyperprune.cli.terminal.screen import Screen
    from hyperprune.search import RunFolder

    Screen().say(str(reports.write(RunFolder(files.place(run)))))
