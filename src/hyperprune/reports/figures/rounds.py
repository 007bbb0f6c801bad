"""Who trained how long, and who fell in which round."""

from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from hyperprune.reports.figures.style import COLOURS, figure
from hyperprune.search import SearchResult


def rounds(result: SearchResult) -> Figure:
    """A bar for each distinct candidate up to its last epoch, those that went furthest on top."""
    shown = sorted(
        (c for c in result.candidates if c.duplicate_of is None),
        key=lambda c: (len(c.curve.train_loss), c.standing == "selected", -c.number),
    )
    page, (axis,) = figure(7.0, 1.6 + 0.22 * len(shown))
    for row, candidate in enumerate(shown):
        epochs = len(candidate.curve.train_loss)
        axis.barh(row, epochs, color=COLOURS[candidate.standing], height=0.7)
        metric = "failed" if candidate.pool_metric is None else f"{result.metric} {candidate.pool_metric:.3g}"
        axis.annotate(f" {metric}", (epochs, row), fontsize=7, va="center")
    for ranking in result.rounds:
        axis.axvline(ranking.until, color="#888888", linewidth=0.8, linestyle=":")
    axis.set_yticks(range(len(shown)), [f"{c.number}" for c in shown], fontsize=7)
    axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    axis.set(xlabel="epochs trained (dotted: rankings)", ylabel="candidate", title="Who fell in which round")
    standings = [s for s in COLOURS if any(c.standing == s for c in shown)]
    axis.legend(
        handles=[Line2D([], [], color=COLOURS[s], linewidth=6, label=s) for s in standings],
        frameon=False,
        fontsize=8,
        loc="lower right",
    )
    return page
