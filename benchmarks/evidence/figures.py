"""The figures of docs/results.md, drawn from the numbers of the tables alone."""

import math
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path

from early import EPOCHS, LOSS, LS, Row, default_ls, loss
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from networks import Network, finals
from replay import Selection

_SHOWN = {LOSS: ("loss", "C1"), LS: ("LS distance", "C0"), "rank: 0.5 ls, 0.5 loss": ("rank sum", "C2")}
_FIRST = 3  # the epoch of the scatter, the published first ranking


def correlations(rows: Sequence[Row], ceiling: float | None, path: Path) -> None:
    """Spearman with the final perplexity against the epoch of the early metric."""
    figure, (axes,) = _figure(5.6, 3.6, 1)
    for metric, (label, color) in _SHOWN.items():
        shown = [row for row in rows if row.metric == metric]
        axes.plot(
            EPOCHS, [r.spearman.value for r in shown], marker="o", markersize=4, color=color, label=label
        )
        low, high = [r.spearman.low for r in shown], [r.spearman.high for r in shown]
        axes.fill_between(EPOCHS, low, high, color=color, alpha=0.12, linewidth=0)
    if ceiling is not None:
        axes.axhline(ceiling, color="grey", linestyle="--", linewidth=1, label="final of another seed")
    axes.axhline(0, color="grey", linewidth=0.6)
    axes.set(xlabel="epoch of the early metric", ylabel="Spearman with the final perplexity", ylim=(-1, 1.05))
    axes.set_xticks(EPOCHS)
    axes.legend(fontsize="small", loc="lower right")
    _save(figure, path)


def scatter(candidates: Sequence[Network], dense: Network | None, path: Path) -> None:
    """Each variant's final perplexity against its LS distance and against its perplexity after 3 epochs.

    A variant that ends far out (Tukey's outer fence) is named in the title, as it would crowd the others.
    """
    figure, (left, right) = _figure(8.4, 3.8, 2)
    fence = _fence(finals(candidates))
    shown = [network for network in candidates if network.final <= fence]
    outside = [network for network in candidates if network.final > fence]
    for axes, metric, label in (
        (left, default_ls("l2"), f"LS distance after {_FIRST} epochs (nats/step)"),
        (right, _perplexity, f"validation perplexity after {_FIRST} epochs"),
    ):
        values = metric(shown, _FIRST)
        axes.scatter(values, finals(shown), s=18)
        if outside:
            far = zip(outside, metric(outside, _FIRST), strict=True)
            places = ", ".join(f"{n.number} at ({x:.0f}, {n.final:.1f})" for n, x in far)
            axes.set_title(f"not shown: {places}", fontsize="small", loc="right")
        for network, x in zip(shown, values, strict=True):
            axes.annotate(
                f"{network.number}",
                (x, network.final),
                fontsize=7,
                xytext=(3, 3),
                textcoords="offset points",
            )
        if dense is not None:
            axes.axhline(dense.final, color="grey", linestyle="--", linewidth=1)
            axes.annotate(
                "dense",
                (0.99, dense.final),
                xycoords=("axes fraction", "data"),
                fontsize=7,
                ha="right",
                va="bottom",
            )
        axes.set(xlabel=label, ylabel="final validation perplexity")
    _save(figure, path)


def _perplexity(networks: Sequence[Network], epoch: int) -> list[float]:
    return [math.exp(value) for value in loss(networks, epoch)]


def _fence(values: Sequence[float]) -> float:
    first, _, third = statistics.quantiles(values, n=4)
    return third + 3 * (third - first)


def costs(found: Mapping[str, Selection], path: Path) -> None:
    """Mean regret over sub-pools against what it costs."""
    figure, (axes,) = _figure(6.4, 4.0, 1)
    for color, prefix in enumerate(
        ("LSH,", "loss halving", "halving by the rank sum", "Hyperband", "random", "all")
    ):
        points = [
            (s.cost, s.regret)
            for name, s in found.items()
            if name.startswith(prefix) and not name.startswith("LSH, wasserstein")
        ]
        if points:
            style = {"marker": "o", "markersize": 5, "color": f"C{color}", "linewidth": 1}
            axes.plot(*zip(*sorted(points), strict=True), label=prefix.rstrip(","), **style)
    axes.set(
        xlabel="epochs trained, the dense network's too where a search needs it",
        ylabel="perplexity above the best of the pool",
    )
    axes.set_ylim(bottom=0)
    axes.legend(fontsize="small")
    _save(figure, path)


def _figure(width: float, height: float, panels: int) -> tuple[Figure, list[Axes]]:
    figure = Figure(figsize=(width, height), layout="constrained", dpi=100)
    return figure, list(figure.subplots(1, panels, squeeze=False)[0])


def _save(figure: Figure, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)
