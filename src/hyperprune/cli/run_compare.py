"""What ``hyperprune compare`` does."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from hyperprune import files, search
from hyperprune.cli.output import print_json
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
    console = Console()
    if not console.is_terminal:
        console.width = max(console.width, _WIDTH)  # a file or a pipe has room
    console.print(_table("Searches", comparing.run_headings(compared), comparing.run_rows(compared), 4))
    if compared.early:
        title = "How early metrics rank the final scores, with 95 % intervals over candidates"
        rows = comparing.early_rows(compared)
        console.print(_table(title, comparing.EARLY_HEADINGS, rows, 2))
    for line in comparing.sentences(compared):
        console.print(line, highlight=False, markup=False)
    if plot is not None:
        console.print(f"Plot: {plot}", highlight=False, soft_wrap=True)


def _table(title: str, headings: Sequence[str], rows: Iterable[Sequence[str]], words: int) -> Table:
    """A table whose first columns are words and the others numbers."""
    table = Table(
        title=title, title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False
    )
    for number, heading in enumerate(headings):
        table.add_column(
            heading, justify="left" if number < words else "right", no_wrap=number < words, overflow="fold"
        )
    for row in rows:
        table.add_row(*map(escape, row))
    return table
