"""Rank of each candidate under LS distance and under loss, side by side."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from hyperprune.reports.figures.style import COLOURS, MANY, ORDER, beside, figure, line_width
from hyperprune.reports.findings import Findings, after, capital
from hyperprune.reports.ranks import Ranks


def slopes(findings: Findings, rankings: Sequence[Ranks], wide: bool = True) -> Figure:
    """A panel for each ranking; a line for each candidate from its rank by LS to its rank by loss."""
    longest = max(len(ranking.names) for ranking in rankings)
    page, axes = figure(
        wide, 1.2 + 0.19 * min(longest, MANY), len(rankings), columns=max(3, min(4, len(rankings)))
    )
    for axis, ranking in zip(axes, rankings, strict=True):
        _draw(axis, findings, ranking)
    axes[0].set_ylabel("rank, the best on top")
    return page


def _draw(axis: Axes, findings: Findings, ranking: Ranks) -> None:
    networks = findings.networks
    names: dict[tuple[int, float], list[str]] = {}
    pairs = zip(ranking.names, ranking.ls, ranking.loss, strict=True)
    for name, ls, loss in sorted(pairs, key=lambda pair: ORDER.index(networks[pair[0]].standing)):
        standing = networks[name].standing
        axis.plot(
            [0, 1],
            [ls, loss],
            color=COLOURS[standing],
            marker="o",
            markersize=3.5,
            linewidth=line_width(standing),
            gid=f"net-{name}",
        )
        if len(ranking.names) <= MANY or standing in ("selected", "finalist"):
            names.setdefault((0, ls), []).append(name)
            names.setdefault((1, loss), []).append(name)
    for (side, rank), joined in names.items():  # equal masks share their place
        beside(axis, ", ".join(sorted(joined, key=int)), side, rank, left=side == 0)
    axis.set_xticks([0, 1], ["LS distance", "loss"])
    axis.set_xlim(-0.45, 1.45)
    axis.set_ylim(len(ranking.names) + 0.7, 0.3)
    axis.set_yticks([])
    axis.spines[["left", "bottom"]].set_visible(False)
    axis.tick_params(length=0)
    agreement = "" if ranking.correlation is None else f"\nSpearman {ranking.correlation:+.2f}"
    when = after(ranking.epoch)
    if ranking.bracket is not None:
        when = f"{findings.bracket_words(ranking.bracket - 1)},\n{when}"
    axis.set_title(f"{capital(when)}{agreement}", loc="center")
