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
    """Regret against epochs, a line a way of searching: from scratch, and of both families together."""
    both = any("dense start" in point.way for point in points)
    figure = Figure(figsize=(9.6 if both else 6.6, 4), layout="constrained")
    left, right = figure.subplots(1, 2) if both else (figure.subplots(), None)
    left_out = ("i-epoch, Jacobian",)  # the table has it
    ways = [way for way in dict.fromkeys(point.way for point in points) if way not in left_out]
    for place, way in enumerate(ways):
        own = sorted((p for p in points if p.way == way), key=lambda p: p.cost)
        scratch = "dense start" not in way
        costs = [p.cost for p in own]
        style = {"marker": "osD^v<>"[place % 7], "alpha": 0.85, "color": f"C{place % 10}"}
        if way == "random":  # what the others are to beat
            style |= {"color": "black", "marker": "x", "linestyle": "--"}
        if scratch:
            left.plot(costs, [p.within for p in own], label=way, **style)
        if right is not None and not way.startswith("i-epoch"):
            right.plot(costs, [p.regret for p in own], label=None if scratch else way, **style)
    one_at_random = max(point.within for point in points if point.way == "random")
    left.set(title="from scratch, to the best from scratch", ylabel="regret (loss)")
    left.set_ylim(0, 1.6 * one_at_random)  # what is far worse than one network at random is cut off
    if right is not None:
        right.set(title="to the best of both families", ylim=(0, None))
    figure.supxlabel("epochs, the dense network's where it is used", fontsize="medium")
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
