"""What ``hyperprune compare`` does."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from rich.table import Table

from hyperprune import files, search
from hyperprune.cli.output import print_json
from hyperprune.cli.screen import Screen, plain_table
from hyperprune.reports import comparing

_WIDTH = 100


def compare(runs: Sequence[Path], plot: Path | None, *, as_json: bool) -> None:
    """Compare, then show it in every form that was asked for."""
    if plot is not None:
        comparing.check_new(files.expanded(plot))
    compared = search.compare(runs)
    if plot is not None:
        comparing.draw(compared, files.expanded(plot))
    if as_json:
        print_json(compared.model_dump(mode="json"))
        return
    screen = Screen()
    if not screen.is_terminal:
        screen.width = max(screen.width, _WIDTH)  # a file or a pipe has room
    screen.print(_table("Searches", comparing.run_headings(compared), comparing.run_rows(compared), 4))
    if compared.early:
        title = "How early metrics rank the final scores, with 95 % intervals over candidates"
        rows = comparing.early_rows(compared)
        screen.print(_table(title, comparing.EARLY_HEADINGS, rows, 2))
    for line in comparing.sentences(compared):
        screen.say(line)
    if plot is not None:
        screen.say(f"Plot: {plot}")


def _table(title: str, headings: Sequence[str], rows: Iterable[Sequence[str]], words: int) -> Table:
    """A table whose first columns are words and the others numbers."""
    table = plain_table(title, narrow=True)
    for number, heading in enumerate(headings):
        table.add_column(
            heading, justify="left" if number < words else "right", no_wrap=number < words, overflow="fold"
        )
    for row in rows:
        table.add_row(*row)
    return table
