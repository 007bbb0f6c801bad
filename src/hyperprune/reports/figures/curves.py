"""Validation score by epoch."""

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, NullLocator, ScalarFormatter

from hyperprune.reports.figures.style import COLOURS, ORDER, beside, figure, legend_place, line_width
from hyperprune.reports.findings import Findings


def curves(findings: Findings, wide: bool = True) -> Figure:
    """A line for each candidate, coloured by what became of it, and the dense line."""
    score = findings.score
    page, (axis,) = figure(wide, 4.2 if wide else 3.4)
    seen: set[str] = set()
    shown = [c for c in findings.distinct if c.valid_score]
    for candidate in sorted(shown, key=lambda c: ORDER.index(c.standing)):
        values, standing = candidate.valid_score, candidate.standing
        axis.plot(
            range(1, len(values) + 1),
            values,
            color=COLOURS[standing],
            marker="." if len(values) < 20 else None,
            linewidth=line_width(standing),
            label=None if standing in seen else standing,
            gid=f"net-{candidate.name}",
        )
        seen.add(standing)
        if standing in ("selected", "finalist"):
            beside(axis, candidate.name, len(values), values[-1])
    dense = findings.dense.valid_score
    if dense:
        axis.plot(
            range(1, len(dense) + 1),
            dense,
            color=COLOURS["dense"],
            linestyle="--",
            linewidth=line_width("dense"),
            label="dense",
            gid="net-dense",
        )
    known = [*dense, *([findings.dense.final.valid_score] if findings.dense.final else [])]
    if known:
        best = min(known, key=score.signed)
        axis.axhline(best, color=COLOURS["dense"], linewidth=0.8, linestyle=":", label="dense, best")
    if score.exponential:
        axis.set_yscale("log")
    axis.yaxis.set_major_locator(MaxNLocator(8))
    axis.yaxis.set_major_formatter(ScalarFormatter())
    axis.yaxis.set_minor_locator(NullLocator())
    axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    axis.set(xlabel="epoch", ylabel=f"validation {score.name}")
    if axis.get_legend_handles_labels()[0]:
        axis.legend(loc=legend_place(len(findings.candidates)))
    return page
