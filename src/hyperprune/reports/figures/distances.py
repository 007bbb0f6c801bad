"""The early metric against perplexity."""

from matplotlib.figure import Figure

from hyperprune.reports.figures.style import COLOURS, figure
from hyperprune.search import SearchResult


def distances(result: SearchResult) -> Figure:
    """LS distance after the first epochs, against the perplexity then (left) and the best one (right)."""
    page, axes = figure(9.0, 4.0, columns=2)
    until = result.rounds[0].until
    shown = [c for c in result.candidates if c.duplicate_of is None and len(c.curve.ls_distance) >= until]
    for candidate in shown:
        early = candidate.curve.ls_distance[until - 1]
        perplexities = candidate.curve.valid_perplexity
        pairs = [(axes[0], perplexities[until - 1])]
        if candidate.final:
            pairs.append((axes[1], candidate.final.valid_perplexity))
        for axis, value in pairs:
            axis.scatter(early, value, color=COLOURS[candidate.standing], s=28)
            axis.annotate(f" {candidate.number}", (early, value), fontsize=7)
    axes[1].axhline(
        result.dense.final.valid_perplexity, color=COLOURS["dense"], linestyle="--", label="dense, best"
    )
    axes[1].legend(frameon=False, fontsize=8)
    axes[0].set(title=f"After {until} epoch{'s' if until > 1 else ''}", ylabel="validation perplexity")
    axes[1].set(title="Best epoch of the finalists", ylabel="validation perplexity")
    for axis in axes:
        axis.set_xlabel(f"LS distance after {until} epoch{'s' if until > 1 else ''} (nats a step)")
    return page
