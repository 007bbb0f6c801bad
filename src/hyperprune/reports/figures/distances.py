"""The early metric against the score."""

import math

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from hyperprune.reports.figures.style import COLOURS, MANY, ORDER, beside, figure, legend_place
from hyperprune.reports.findings import Findings, NetworkRecord, after, capital


def distances(findings: Findings, wide: bool = True) -> Figure:
    """LS distance at the first ranking, against the score then, and against the best one reached.

    A panel for the candidates of each family, and one for all that were trained to the end.
    """
    finals = any(candidate.final for candidate in findings.distinct)
    groups, score = findings.families, findings.score
    page, axes = figure(wide, 3.6 if wide else 2.9, len(groups) + finals)
    names: dict[tuple[Axes, float, float], list[str]] = {}
    for axis, (words, candidates) in zip(axes, groups.items(), strict=False):
        until = candidates[0].first_epoch
        when = after(until)
        few = len(candidates) <= MANY
        for candidate in sorted(candidates, key=lambda c: ORDER.index(c.standing)):
            early, reached = _placed(candidate), candidate.score_at(until)
            if early is None or reached is None:
                continue
            _dot(axis, candidate, early, reached)
            if few or candidate.final:
                names.setdefault((axis, early, reached), []).append(candidate.name)
            if candidate.final:
                _dot(axes[-1], candidate, early, candidate.final.valid_score)
                names.setdefault((axes[-1], early, candidate.final.valid_score), []).append(candidate.name)
        dense = findings.dense.score_at(findings.dense_epoch(candidates[0].name, until))
        if dense is not None:
            axis.axhline(dense, color=COLOURS["dense"], linestyle="--", label="dense")
        title = f"{score.title} {when}" if not words else capital(words)
        axis.set(title=title, xlabel=f"LS distance (nats a step)\n{when}")
    if finals:
        known = [*findings.dense.valid_score]
        known += [findings.dense.final.valid_score] if findings.dense.final else []
        axes[-1].axhline(min(known, key=score.signed), color=COLOURS["dense"], linestyle="--", label="dense")
        (when, *others) = {axis.get_xlabel() for axis in axes[:-1]}
        axes[-1].set(
            title="Trained to the end, best epoch",
            xlabel="LS distance (nats a step)\nat the first ranking" if others else when,
        )
    for (axis, x, y), joined in names.items():  # equal masks lie on each other
        beside(axis, ", ".join(sorted(joined, key=int)), x, y, up=4)
    axes[0].set_ylabel(f"validation {score.name}")
    for axis in axes:
        axis.margins(0.1)
        if axis.get_legend_handles_labels()[0]:
            axis.legend(loc=legend_place(len(findings.candidates)))
    return page


def _placed(candidate: NetworkRecord) -> float | None:
    """Distance at the first ranking; None also where no direction is alive in both networks."""
    early = candidate.distance_at(candidate.first_epoch)
    return early if early is not None and math.isfinite(early) else None


def _dot(axis: Axes, candidate: NetworkRecord, x: float, y: float) -> None:
    colour = COLOURS[candidate.standing]
    # a line of one point, because that carries a name into the page
    axis.plot([x], [y], "o", color=colour, markersize=5.5, gid=f"net-{candidate.name}")
