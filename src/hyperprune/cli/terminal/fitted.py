"""Rows on a terminal of any width: no number is ever cut."""

from collections.abc import Sequence

from rich.text import Text

from hyperprune.cli.terminal.screen import Screen, plain_table
from hyperprune.printable import printable

_GAP = 2  # between columns: one of padding, one where others draw a line


def show_rows(
    screen: Screen,
    title: str,
    headings: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    words: int = 1,
    bold: str = "\0",
) -> None:
    """A table; where the terminal is too narrow for its longest words, a list instead.

    Args:
        screen: where it is shown.
        title: over it.
        headings: of the columns.
        rows: cells.
        words: how many columns, from the left, are words; the others are numbers.
        bold: how the first cell of a row begins that stands out.
    """
    columns = [[printable(cell) for cell in column] for column in zip(headings, *rows, strict=True)]
    widths = _widths(columns, screen.width - _GAP * len(columns))
    if widths is None:
        _list(screen, title, headings, rows, bold)
        return
    table = plain_table(title, narrow=True)
    for number, (heading, width) in enumerate(zip(headings, widths, strict=True)):
        justify = "left" if number < words else "right"
        table.add_column(heading, width=width, justify=justify, overflow="fold")  # type: ignore[arg-type]
    for row in rows:
        table.add_row(*row, style="bold" if row[0].startswith(bold) else None)
    screen.print(table)


def _widths(columns: Sequence[Sequence[str]], room: int) -> list[int] | None:
    """As wide as the longest word, and what is left given to those that need more, the first ones first."""
    least = [max(len(word) for cell in column for word in (cell.split() or [""])) for column in columns]
    most = [max(len(line) for cell in column for line in (cell.splitlines() or [""])) for column in columns]
    spare = room - sum(least)
    if spare < 0:
        return None
    widths = []
    for small, large in zip(least, most, strict=True):
        given = min(spare, large - small)
        spare -= given
        widths.append(small + given)
    return widths


def _list(
    screen: Screen, title: str, headings: Sequence[str], rows: Sequence[Sequence[str]], bold: str
) -> None:
    """A paragraph a row: its name, then a line a number."""
    screen.say(title)
    for row in rows:
        name = Text(row[0], style="bold" if row[0].startswith(bold) else "")
        screen.print(name, soft_wrap=True)
        for heading, cell in zip(headings[1:], row[1:], strict=True):
            if cell:
                screen.say(f"  {' '.join(heading.split())}: {cell}")
