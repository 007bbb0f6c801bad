"""The early metric against the score."""

import math

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from hyperprune.reports.figures.style import COLOURS, MANY, beside, figure, legend_place
from hyperprune.reports.findings import Findings, NetworkRecord


def distances(findings: Findings, wide: bool = True) -> Figure:
    """LS distance after the first epochs, against the score then, and against the best one reached."""
    finals = any(candidate.final for candidate in findings.distinct)
    page, axes = figure(wide, 3.6 if wide else 2.9, 2 if finals else 1)
    score = findings.score
    until = findings.first_epoch
    epochs = f"{until} epoch{'s' if until > 1 else ''}"
    few = len(findings.distinct) <= MANY
    for candidate in findings.distinct:
        if len(candidate.ls_distance) < until:
            continue
        early = candidate.ls_distance[until - 1]
        if not math.isfinite(early):  # no direction is alive in both: it has no place here
            continue
        _dot(axes[0], candidate, early, candidate.valid_score[until - 1], named=few or bool(candidate.final))
        if candidate.final:
            _dot(axes[1], candidate, early, candidate.final.valid_score, named=True)
    dense = findings.dense.valid_score
    if len(dense) >= until:
        axes[0].axhline(dense[until - 1], color=COLOURS["dense"], linestyle="--", label="dense")
    known = [*dense, *([findings.dense.final.valid_score] if findings.dense.final else [])]
    if known and finals:
        axes[1].axhline(min(known, key=score.signed), color=COLOURS["dense"], linestyle="--", label="dense")
    axes[0].set(title=f"{score.title} after {epochs}", ylabel=f"validation {score.name}")
    if finals:
        axes[1].set(title=f"Best {score.name} of those trained to the end")
    for axis in axes:
        axis.set_xlabel(f"LS distance after {epochs} (nats a step)")
        axis.margins(0.1)
        if axis.get_legend_handles_labels()[0]:
            axis.legend(loc=legend_place(len(findings.candidates)))
    return page


def _dot(axis: Axes, candidate: NetworkRecord, x: float, y: float, *, named: bool) -> None:
    colour = COLOURS[candidate.standing]
    # a line of one point, because that carries a name into the page
    axis.plot([x], [y], "o", color=colour, markersize=5.5, gid=f"net-{candidate.name}")
    if named:
        beside(axis, candidate.name, x, y, up=4)
