"""Colours and shape that all figures share; readable for the colour-blind, on light and on dark pages."""

from contextlib import AbstractContextManager
from typing import Any, Literal

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.ticker import FixedFormatter

from hyperprune.printable import printable

# On a light and on a dark page. Files on disk have the light ones.
PALETTE = {
    "ink": ("#1b1f24", "#e6e8eb"),
    "muted": ("#6b7480", "#98a2ae"),
    "grid": ("#e3e6ea", "#2c3138"),
    "dense": ("#1b1f25", "#e6e8ec"),
    "selected": ("#d04a02", "#ff9152"),
    "finalist": ("#0b6fb8", "#5cb3f5"),
    "eliminated": ("#98a9b8", "#62748a"),
    "running": ("#0a8f6c", "#3fd3a7"),
    "failed": ("#a8327e", "#f08cc8"),
    "duplicate": ("#c2c8cf", "#474e57"),
    "worst": ("#8350c4", "#b794f6"),
    "gate-all": ("#43505e", "#b7c1cc"),
    "gate-input": ("#0b6fb9", "#5cb3f6"),
    "gate-forget": ("#d04a03", "#ff9153"),
    "gate-cell": ("#0a8f6d", "#3fd3a8"),
    "gate-output": ("#b0347f", "#f08cc9"),
    "gate-reset": ("#0b6fba", "#5cb3f7"),
    "gate-update": ("#d04a04", "#ff9154"),
    "gate-new": ("#0a8f6e", "#3fd3a9"),
    "gate-hidden": ("#0a8f6f", "#3fd3aa"),
    "gate-transform": ("#0b6fbb", "#5cb3f8"),
    "gate-carry": ("#d04a05", "#ff9155"),
    "gate-master_input": ("#8350c5", "#b794f7"),
    "gate-master_forget": ("#94690f", "#dcb04c"),
}
COLOURS = {name: light for name, (light, _) in PALETTE.items()}
MANY = 60  # candidates; of more, those that fell have no label, and bars only the first of them
# Drawn in this order, so that those that matter lie on top.
ORDER = ("duplicate", "failed", "eliminated", "running", "finalist", "selected")

_RC: dict[Any, Any] = {
    "font.size": 8.5,
    "axes.titlesize": 9.0,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "legend.frameon": False,
    "legend.fontsize": 8.0,
    "axes.grid": True,
    "grid.color": COLOURS["grid"],
    "grid.linewidth": 0.7,
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": COLOURS["muted"],
    "axes.labelcolor": COLOURS["ink"],
    "text.color": COLOURS["ink"],
    "xtick.color": COLOURS["muted"],
    "ytick.color": COLOURS["muted"],
    "xtick.labelcolor": COLOURS["ink"],
    "ytick.labelcolor": COLOURS["ink"],
}


def figure(wide: bool, height: float, panels: int = 1, *, columns: int = 3) -> tuple[Figure, list[Axes]]:
    """A figure without window or global state, and its axes.

    Args:
        wide: for a page of a desktop, 8.6 inches, or for a phone, 3.7 inches.
        height: of a row of panels, in inches.
        panels: how many axes.
        columns: panels beside each other where there is room; a phone gets one, or two where more than
            three would stand above each other.
    """
    across = min(panels, columns if wide else (2 if panels > 3 else 1))
    rows = -(-panels // across)
    page = Figure(figsize=(8.6 if wide else 3.7, height * rows), layout="constrained")
    return page, [page.add_subplot(rows, across, number + 1) for number in range(panels)]


def applied() -> AbstractContextManager[None]:
    """Inside, figures are drawn in the shared style; what a program has set for its own is untouched."""
    return rc_context(_RC)


def literally(page: Figure) -> Figure:
    """The figure with all its words shown as they are: a ``$`` in a name begins no formula.

    Call it when everything is drawn. Labels that matplotlib writes itself, such as powers of ten on a
    logarithmic axis, come later and stay formulas.
    """
    for axes in page.axes:
        for axis in (axes.xaxis, axes.yaxis):
            formatter = axis.get_major_formatter()
            if isinstance(formatter, FixedFormatter):
                formatter.seq = [printable(label) for label in formatter.seq]
    for text in page.findobj(Text):
        assert isinstance(text, Text)
        words = text.get_text()
        if words and not words.startswith(r"$\mathdefault{"):
            text.set_text(printable(words))
            text.set_parse_math(False)
    return page


def legend_place(candidates: int) -> Literal["best", "upper right"]:
    """Where nothing lies, unless so many lines would have to be looked at that it takes minutes."""
    return "best" if candidates <= MANY else "upper right"


def line_width(standing: str) -> float:
    """Thin for the many, thick for those that matter."""
    return {"selected": 2.2, "finalist": 1.7, "dense": 1.7}.get(standing, 1.0)


def beside(axis: Axes, text: str, x: float, y: float, *, up: float = 0.0, left: bool = False) -> None:
    """A small label beside a point, a few points of type away from it."""
    axis.annotate(
        text,
        (x, y),
        xytext=(-5 if left else 5, up),
        textcoords="offset points",
        ha="right" if left else "left",
        va="center",
        fontsize=7.5,
    )
