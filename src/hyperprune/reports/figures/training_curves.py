"""Training loss and validation score of one network by epoch."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, NullLocator, ScalarFormatter

from hyperprune.reports.figures.style import COLOURS, figure
from hyperprune.reports.training.findings import TrainingFindings


def training_curves(findings: TrainingFindings, wide: bool = True) -> Figure:
    """A panel for the training loss and one for the validation score, with the epoch that counts ringed."""
    score, best = findings.score, findings.history.best
    colour = COLOURS[findings.network.standing]
    page, (left, right) = figure(wide, 3.0 if wide else 2.4, 2, columns=2)
    _line(left, findings.network.train_loss, colour)
    left.set(title="Training", ylabel="training loss")
    _line(right, findings.scores, colour)
    right.plot(
        best.epoch,
        score.shown(best.valid_loss),
        color=colour,
        marker="o",
        fillstyle="none",
        markersize=9,
        linestyle="",
    )
    reference = None if findings.result is None else findings.result.reference
    if reference is not None:
        right.axhline(reference.valid_score, color=COLOURS["dense"], linestyle=":", label="reference")
        right.legend()
    right.set(title="Validation", ylabel=score.name)
    if score.exponential:
        right.set_yscale("log")
        right.yaxis.set_major_locator(MaxNLocator(6))
        right.yaxis.set_major_formatter(ScalarFormatter())
        right.yaxis.set_minor_locator(NullLocator())
    return page


def _line(axis: Axes, values: tuple[float, ...], colour: str) -> None:
    mark = "." if len(values) < 20 else None
    axis.plot(range(1, len(values) + 1), values, color=colour, marker=mark, linewidth=1.7)
    axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    axis.set_xlabel("epoch")
