"""One figure of a report, in its two widths."""

from collections.abc import Callable
from dataclasses import dataclass

from matplotlib.figure import Figure

from hyperprune.reports import figures

# label and function of each figure, by the name of its file
Wanted = dict[str, tuple[str, Callable[..., Figure | None]]]


@dataclass(frozen=True)
class Drawing:
    """One figure.

    Attributes:
        label: what it shows, in a sentence without the full stop.
        wide: for a desktop and for the PNG.
        narrow: for a phone.
    """

    label: str
    wide: Figure
    narrow: Figure


def drawn(wanted: Wanted) -> dict[str, Drawing]:
    """Draw figures wide and narrow; one that has nothing to show is left out.

    Args:
        wanted: label and function of each, by the name of its file.
    """
    with figures.applied():
        found = {name: (label, draw(wide=True), draw(wide=False)) for name, (label, draw) in wanted.items()}
    return {
        name: Drawing(label, figures.literally(wide), figures.literally(narrow))
        for name, (label, wide, narrow) in found.items()
        if wide and narrow
    }
