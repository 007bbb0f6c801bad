"""Runs side by side: the best network so far against cost, and how early metrics rank the finals."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from hyperprune.reports.figures.style import COLOURS, figure
from hyperprune.search import ComparedRun, SearchComparison

_RUNS = ("selected", "finalist", "running", "worst", "failed", "eliminated", "ink", "muted")
_METRICS = {"ls": "selected", "loss": "finalist", "rank": "running"}
_MARKS = "osD^vPX*"


def comparison(compared: SearchComparison, wide: bool = True) -> Figure:
    """One panel for cost, and one for rank correlations where final scores are known."""
    page, axes = figure(wide, 3.4, 2 if compared.early else 1, columns=2)
    _cost(axes[0], compared)
    if compared.early:
        _correlations(axes[1], compared)
    return page


def _cost(axis: Axes, compared: SearchComparison) -> None:
    for place, run in enumerate(compared.runs):
        _path(axis, run, COLOURS[_RUNS[place % len(_RUNS)]], _MARKS[place % len(_MARKS)])
    if compared.dense_valid_score is not None:
        axis.axhline(
            compared.dense_valid_score,
            color=COLOURS["dense"],
            linewidth=1.0,
            linestyle=":",
            label="dense network",
        )
    axis.set(
        title="Best network so far (marks: selected)",
        xlabel="epochs trained",
        ylabel=f"validation {compared.score.name}",
    )
    axis.legend(fontsize=7.5)
    _focus(axis, compared)


def _path(axis: Axes, run: ComparedRun, colour: str, mark: str) -> None:
    epochs = [point.epochs for point in run.path]
    axis.step(epochs, [point.valid_score for point in run.path], where="post", color=colour, linewidth=1.3)
    how = "train" if run.kind == "train" else f"{run.plan}, {run.metric}, {run.sampler}"
    label = f"{run.name} ({how})"
    score = float("nan") if run.valid_score is None else run.valid_score
    axis.plot(run.epochs, score, color=colour, marker=mark, markersize=6, linestyle="", label=label)


def _focus(axis: Axes, compared: SearchComparison) -> None:
    """Leave the first, far worse networks out of the picture."""
    ends = [run.path[-1].valid_score for run in compared.runs if run.path]
    ends += [run.valid_score for run in compared.runs if run.valid_score is not None]
    shown = [*ends, *([] if compared.dense_valid_score is None else [compared.dense_valid_score])]
    middle = [point.valid_score for run in compared.runs for point in run.path[len(run.path) // 3 :]]
    low, high = min((*shown, *middle)), max((*shown, *middle))
    margin = 0.06 * (high - low) or 1.0
    axis.set_ylim(low - margin, high + margin)


def _correlations(axis: Axes, compared: SearchComparison) -> None:
    for metric, name in _METRICS.items():
        rows = [row for row in compared.early if row.metric == metric]
        epochs = [row.epoch for row in rows]
        colour = COLOURS[name]
        label = {"ls": "LS distance", "loss": "loss", "rank": "both"}[metric]
        value, low, high = (
            [_number(getattr(row.spearman, part)) for row in rows] for part in ("value", "low", "high")
        )
        axis.plot(epochs, value, color=colour, marker="o", markersize=4, label=label)
        axis.fill_between(epochs, low, high, color=colour, alpha=0.12, linewidth=0)
    axis.axhline(0, color=COLOURS["muted"], linewidth=0.8)
    axis.set_ylim(-1.05, 1.05)
    axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    count = max(row.candidates for row in compared.early)
    axis.set(
        title=f"Early ranks against final ones ({count} candidates)",
        xlabel="epoch",
        ylabel="Spearman (95 % interval)",
    )
    axis.legend(fontsize=7.5, loc="lower right")


def _number(value: float | None) -> float:
    """What cannot be drawn leaves a gap."""
    return float("nan") if value is None else value
