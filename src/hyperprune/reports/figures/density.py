"""Density of each matrix, gate by gate, over training."""

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from hyperprune.reports.density import WHOLE, Densities
from hyperprune.reports.figures.style import COLOURS, figure


def density(found: Densities, target: float, wide: bool = True) -> Figure:
    """A panel a matrix, a line a gate.

    Args:
        found: of one network.
        target: density over all matrices together, drawn as a dotted line.
        wide: for a page of a desktop, or for a phone.
    """
    page, axes = figure(wide, 2.1 if wide else 1.8, len(found.matrices))
    labels = {}
    for axis, (matrix, gates) in zip(axes, found.matrices.items(), strict=True):
        for gate, values in gates.items():
            (line,) = axis.plot(
                range(1, len(values) + 1),
                values,
                color=COLOURS.get(f"gate-{gate}", COLOURS["gate-all"]),
                marker="." if len(values) < 20 else None,
                linewidth=1.3,
            )
            labels["whole matrix" if gate == WHOLE else gate] = line
        labels["target"] = axis.axhline(target, color=COLOURS["muted"], linewidth=0.9, linestyle=":")
        axis.set_title(short(matrix))
        axis.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
        axis.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=5))
    axes[0].set_xlabel("epoch")
    page.legend(labels.values(), labels.keys(), loc="outside upper left", ncols=len(labels) if wide else 3)
    return page


def short(matrix: str) -> str:
    """A parameter's name without what all of them share."""
    return matrix.replace(".weight_", " ").removesuffix(".weight")
