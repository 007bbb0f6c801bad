"""``hyperprune compare``."""

from pathlib import Path
from typing import Annotated

import typer

from hyperprune.cli import options


def compare(
    runs: Annotated[list[Path], typer.Argument(help="Run folders of finished searches and trainings.")],
    plot: Annotated[Path | None, typer.Option(help="Draw to this new file: .png, .svg or .pdf.")] = None,
    as_json: options.Json = False,
) -> None:
    """Put searches and trainings side by side at equal cost.

    Quality of the selected candidate against epochs and time, regret against the best known one, and how
    well LS distance, loss and both rank the final scores early on. The searches must be of one text, network
    and recipe; --baseline of hyperprune search makes those to compare with. A run of hyperprune train must be
    of the same task and data.
    """
    from hyperprune.cli.work import run_compare

    run_compare.compare(runs, plot, as_json=as_json)
