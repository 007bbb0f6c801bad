"""Which layout a matrix gets, and why."""

from dataclasses import dataclass
from typing import Literal

from hyperprune.errors import ConfigurationError
from hyperprune.inference.layouts import LAYOUTS, PANEL, Layout, possible, size_of
from hyperprune.inference.plain import Matrix

_A_LINE = 100.0  # what beginning a row of blocks costs, in values of a dense matrix

Prefer = Literal["speed", "size"]


@dataclass(frozen=True)
class Choice:
    """A layout and its reason.

    Attributes:
        layout: which.
        values: that are stored, dead ones of live blocks included.
        bytes: of the matrix in it, indices included.
        why: for people.
    """

    layout: Layout
    values: int
    bytes: int
    why: str


def choose(matrix: Matrix, item: int, prefer: Prefer = "speed", wanted: Layout | None = None) -> Choice:
    """The layout with the fewest bytes, or the least work; of equals the plainest one.

    Work is stored values times what one costs in the layout: weights one by one are few, but slow. A network
    that was pruned in blocks stores as many values in blocks as one by one, so its pattern is found without
    being named.

    Args:
        matrix: rows of each gate padded.
        item: bytes of a weight.
        prefer: what decides.
        wanted: take this one.

    Raises:
        ConfigurationError: the one that is wanted cannot index the columns.
    """
    if wanted is not None:
        if not possible(matrix, wanted):
            raise ConfigurationError(
                f"the layout {wanted.name} takes 65,536 groups of columns at most, got a matrix of "
                f"{matrix.weight.shape[1]:,} columns: choose dense"
            )
        return Choice(wanted, *size_of(matrix, wanted, item), "asked for")
    sizes = {layout: size_of(matrix, layout, item) for layout in LAYOUTS if possible(matrix, layout)}

    def weight(layout: Layout) -> float:
        values, size = sizes[layout]
        tall = layout.block[0] if layout.block else PANEL
        return size if prefer == "size" else values * layout.cost + _A_LINE * (len(matrix.weight) // tall)

    best = min(sizes, key=weight)
    others = ", ".join(f"{layout.name} {values:,}" for layout, (values, _) in sizes.items() if layout != best)
    reason = "fewest bytes" if prefer == "size" else "least work"
    return Choice(best, *sizes[best], f"{reason}: stores {sizes[best][0]:,} values ({others})")
