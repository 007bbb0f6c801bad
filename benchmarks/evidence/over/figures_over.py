"""One figure for each of the three questions."""

from collections.abc import Sequence
from pathlib import Path

from matplotlib.figure import Figure
from rankings import LOSS, Row
from selections import Point


def ranks(found: Sequence[Row], names: Sequence[str], title: str, path: Path) -> None:
    """Spearman with the final by epoch, a line a metric, its interval as a band."""
    figure = Figure(figsize=(8.6, 4), layout="constrained")
    axes = figure.subplots()
    for place, name in enumerate(names):
        own = [row for row in found if row.metric == name]
        epochs = [row.epoch for row in own]
        (line,) = axes.plot(epochs, [r.spearman.value for r in own], marker="osD^v<>"[place % 7], label=name)
        if name == LOSS or place == 1:
            low, high = [r.spearman.low for r in own], [r.spearman.high for r in own]
            axes.fill_between(epochs, low, high, color=line.get_color(), alpha=0.12, linewidth=0)
    axes.axhline(0, color="0.6", linewidth=0.8)
    axes.set(xlabel="epochs trained", ylabel="Spearman with the final", title=title, ylim=(-1, 1))
    figure.legend(fontsize="small", frameon=False, loc="outside right upper")
    figure.savefig(path, dpi=150)


def selects(points: Sequence[Point], path: Path) -> None:
    """Regret against epochs, a line a way of searching."""
    figure = Figure(figsize=(8.6, 4), layout="constrained")
    axes = figure.subplots()
    left_out = ("i-epoch, LS full, same epoch", "i-epoch, Jacobian")  # the table has them
    ways = dict.fromkeys(point.way for point in points if point.way not in left_out)
    for place, way in enumerate(ways):
        own = sorted((p for p in points if p.way == way), key=lambda p: p.cost)
        axes.plot(
            [p.cost for p in own], [p.regret for p in own], marker="osD^v<>"[place % 7], label=way, alpha=0.85
        )
    axes.set(xlabel="epochs, the dense network's where it is used", ylabel="regret (loss)", ylim=(0, None))
    figure.legend(fontsize="small", frameon=False, loc="outside right upper")
    figure.savefig(path, dpi=150)


def against_dense(scores: dict[str, list[float]], score: str, path: Path) -> None:
    """Test score of each kind of network, a dot a seed."""
    figure = Figure(figsize=(7, 3.2), layout="constrained")
    axes = figure.subplots()
    for place, (_, values) in enumerate(scores.items()):
        axes.plot(values, [place] * len(values), "o", alpha=0.8)
    axes.set_yticks(range(len(scores)), list(scores))
    axes.invert_yaxis()
    axes.set(xlabel=f"{score}, test")
    axes.grid(axis="x", color="0.9")
    figure.savefig(path, dpi=150)
