"""Score against size: pruned networks, small dense ones, and the dense network that they are measured by."""

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from hyperprune.reports.figures.style import COLOURS, beside, figure


@dataclass(frozen=True)
class Dot:
    """A network.

    Attributes:
        live: its live weights.
        score: of the validation part.
        interval: of the score, smaller end first; none where there is none.
        name: said beside it.
        chosen: whether it stands out.
    """

    live: int
    score: float
    interval: tuple[float, float] | None = None
    name: str = ""
    chosen: bool = False


def sizes(
    pruned: Sequence[Dot], small: Sequence[Dot], dense: Dot, worst: float, score: str, *, wide: bool = True
) -> Figure:
    """Validation score against live weights, on one pair of axes.

    Args:
        pruned: networks that started from the dense one.
        small: dense networks with as many weights.
        dense: what both are measured by.
        worst: the score that is still level with it.
        score: what the score is called.
        wide: for a desktop, or for a phone.
    """
    page, (axis,) = figure(wide, 3.8 if wide else 3.2)
    axis.set_xscale("log")
    axis.axhline(dense.score, color=COLOURS["dense"], linewidth=1.0, linestyle="--")
    axis.axhspan(*sorted((dense.score, worst)), color=COLOURS["muted"], alpha=0.15, linewidth=0)
    _path(axis, small, COLOURS["finalist"], "s", "small dense, from scratch")
    _path(axis, pruned, COLOURS["selected"], "o", "pruned from the dense network")
    axis.plot(
        [dense.live], [dense.score], "D", color=COLOURS["dense"], markersize=6, label="dense (shaded: level)"
    )
    for dot in pruned:
        beside(axis, dot.name, dot.live, dot.score, up=7)
        if dot.chosen:
            (ring,) = axis.plot([dot.live], [dot.score], "o", color="none", markersize=12)
            ring.set_markeredgecolor(COLOURS["ink"])
    axis.set(xlabel="live weights", ylabel=f"validation {score}")
    axis.margins(0.08)
    axis.legend(loc="best")
    return page


def _path(axis: Axes, dots: Sequence[Dot], colour: str, mark: str, label: str) -> None:
    if not dots:
        return
    ordered = sorted(dots, key=lambda dot: dot.live)
    for dot in ordered:
        if dot.interval is not None:
            axis.plot([dot.live, dot.live], dot.interval, color=colour, linewidth=0.9)
    axis.plot(
        [dot.live for dot in ordered],
        [dot.score for dot in ordered],
        color=colour,
        marker=mark,
        markersize=5,
        linewidth=1.3,
        label=label,
    )
