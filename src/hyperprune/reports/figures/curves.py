"""Validation perplexity by epoch."""

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, NullLocator, ScalarFormatter

from hyperprune.reports.figures.style import COLOURS, figure
from hyperprune.search import SearchResult


def curves(result: SearchResult) -> Figure:
    """A line for each candidate, coloured by what became of it, and the dense line."""
    page, (axis,) = figure()
    seen: set[str] = set()
    order = {"eliminated": 0, "finalist": 1, "selected": 2}
    shown = [c for c in result.candidates if c.standing in order]
    for candidate in sorted(shown, key=lambda c: order[c.standing]):
        values = candidate.curve.valid_perplexity
        label = None if candidate.standing in seen else candidate.standing
        seen.add(candidate.standing)
        axis.plot(
            range(1, len(values) + 1),
            values,
            color=COLOURS[candidate.standing],
            marker="." if len(values) < 20 else None,
            linewidth=2.2 if candidate.standing == "selected" else 1.2,
            label=label,
        )
        axis.annotate(f" {candidate.number}", (len(values), values[-1]), fontsize=7, va="center")
    dense = result.dense.curve.valid_perplexity
    axis.plot(range(1, len(dense) + 1), dense, color=COLOURS["dense"], linestyle="--", label="dense")
    axis.axhline(min(dense), color=COLOURS["dense"], linewidth=0.7, linestyle=":", label="dense, best")
    axis.set_yscale("log")
    axis.yaxis.set_major_locator(MaxNLocator(8))
    axis.yaxis.set_major_formatter(ScalarFormatter())
    axis.yaxis.set_minor_locator(NullLocator())
    axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    axis.set(xlabel="epoch", ylabel="validation perplexity", title="Perplexity by epoch")
    axis.legend(frameon=False, fontsize=8)
    return page
