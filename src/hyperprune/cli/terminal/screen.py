"""What people see: the one way from the commands to a terminal.

Names of files, tasks and corpora, and what other processes said last, come from outside. Nothing in them
is taken for markup, and no sign in them steers the terminal: :class:`Screen` shows all text as it is.
"""

from collections.abc import Iterable
from typing import Any

from rich import box
from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from hyperprune.printable import printable


class Screen(Console):
    """A console without markup, emoji names and guessed colours.

    Args:
        stderr: draw on the error stream, where the output is a machine's.
    """

    def __init__(self, *, stderr: bool = False) -> None:
        super().__init__(stderr=stderr, markup=False, emoji=False, highlight=False)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """All drawing passes here; what rich itself tells the terminal is added afterwards."""
        for segment in super().render(renderable, options):
            if segment.control is None:
                yield Segment(printable(segment.text), segment.style)
            else:
                yield segment

    def render_str(self, text: str, **given: Any) -> Text:
        """Strings in tables: made printable before their width is measured."""
        return super().render_str(printable(text), **given)

    def say(self, line: str, style: str | None = None) -> None:
        """A line of words, which the terminal may break but which is not cut."""
        self.print(line, style=style, soft_wrap=True)


def plain_table(title: str, *, narrow: bool = False) -> Table:
    """A table with a title over its left end.

    Args:
        title: what it shows.
        narrow: with as little room between its columns as can be.
    """
    padding = (0, 1, 0, 0) if narrow else (0, 1)
    return Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, padding=padding, pad_edge=not narrow)
