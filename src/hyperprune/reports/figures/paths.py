"""Paths of all spectra through training, in the plane of their two largest principal components."""

from matplotlib.figure import Figure

from hyperprune.reports.figures.style import COLOURS, ORDER, beside, figure, legend_place, line_width
from hyperprune.reports.findings import DENSE, Findings
from hyperprune.reports.paths import SpectralPaths


def paths(findings: Findings, plane: SpectralPaths, wide: bool = True) -> Figure:
    """A path for each network, a dot an epoch, larger at its end; the dense path dashed."""
    page, (axis,) = figure(wide, 5.0 if wide else 4.0)
    networks = findings.networks
    order = (*ORDER, DENSE)
    seen: set[str] = set()
    for name in sorted(plane.points, key=lambda n: order.index(networks[n].standing)):
        standing = networks[name].standing
        epochs, first, second = zip(*plane.points[name], strict=True)
        axis.plot(
            first,
            second,
            color=COLOURS[standing],
            linestyle="--" if name == DENSE else "-",
            linewidth=line_width(standing),
            marker="." if len(epochs) < 30 else None,
            markersize=4,
            label=None if standing in seen else standing,
            gid=f"net-{name}",
        )
        axis.plot(first[-1:], second[-1:], "o", color=COLOURS[standing], markersize=5, gid=f"net-{name}")
        seen.add(standing)
        if standing in (DENSE, "selected", "finalist", "running"):
            beside(axis, name, first[-1], second[-1], up=4)
    axis.set_xlabel(f"first component ({plane.shares[0]:.0%} of the variance)")
    axis.set_ylabel(f"second component ({plane.shares[1]:.0%})")
    axis.legend(loc=legend_place(len(findings.candidates)))
    return page
