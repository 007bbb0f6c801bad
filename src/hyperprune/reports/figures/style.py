"""Colours and shape that all figures share; readable for the colour-blind and on dark pages."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure

COLOURS = {
    "dense": "#222222",
    "selected": "#d55e00",
    "finalist": "#0072b2",
    "eliminated": "#56b4e9",
    "failed": "#999999",
    "duplicate": "#cccccc",
}
WORST = "#009e73"


def figure(width: float = 7.0, height: float = 4.2, columns: int = 1) -> tuple[Figure, list[Axes]]:
    """A figure without window or global state, and its axes."""
    page = Figure(figsize=(width, height), layout="constrained")
    axes = [page.add_subplot(1, columns, number + 1) for number in range(columns)]
    for axis in axes:
        axis.grid(True, alpha=0.25)
        axis.spines[["top", "right"]].set_visible(False)
    return page, axes
