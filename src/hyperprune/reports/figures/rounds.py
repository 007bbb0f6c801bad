"""Who trained how long, and who fell in which round."""

from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from hyperprune.reports.figures.style import COLOURS, MANY, ORDER, beside, figure
from hyperprune.reports.findings import Findings


def rounds(findings: Findings, wide: bool = True) -> Figure:
    """A bar for each distinct candidate up to its last epoch, those that went furthest on top."""
    shown = sorted(
        findings.distinct,
        key=lambda c: (c.epochs, ORDER.index(c.standing), -_place(findings, c.name)),
    )[-MANY:]
    left = len(findings.distinct) - len(shown)
    page, (axis,) = figure(wide, 1.3 + 0.2 * len(shown))
    for row, candidate in enumerate(shown):
        for bar in axis.barh(row, candidate.epochs, color=COLOURS[candidate.standing], height=0.68):
            bar.set_gid(f"net-{candidate.name}")
        metric = "failed" if candidate.metric is None else _figure(candidate.metric)
        beside(axis, metric, candidate.epochs, row)
    for ranking in findings.rounds:
        axis.axvline(ranking.until, color=COLOURS["ink"], linewidth=0.9, linestyle=":")
    axis.set_yticks(range(len(shown)), [c.name for c in shown], fontsize=7.5)
    axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    axis.grid(False, axis="y")
    axis.margins(y=0.01)
    axis.set(xlabel="epochs trained (dotted: rankings)", ylabel="candidate")
    if left:
        axis.set_title(f"{len(shown)} that went furthest; {left} more fell in the first rounds")
    standings = [name for name in reversed(ORDER) if any(c.standing == name for c in shown)]
    handles = [Line2D([], [], color=COLOURS[name], linewidth=6, label=name) for name in standings]
    page.legend(handles=handles, loc="outside upper left", ncols=len(handles) if wide else 3)
    return page


def _figure(metric: float) -> str:
    return f"{metric:.2f}" if abs(metric) >= 0.1 else f"{metric:.2g}"


def _place(findings: Findings, name: str) -> int:
    """Place in the last ranking that holds a candidate, 0 being the best."""
    for ranking in reversed(findings.rounds):
        if int(name) in ranking.ranking:
            return ranking.ranking.index(int(name))
    return len(findings.candidates)
