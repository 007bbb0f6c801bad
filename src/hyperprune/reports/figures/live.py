"""Live weights of one network by epoch."""

from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from hyperprune.reports.figures.style import COLOURS, figure
from hyperprune.reports.training.findings import TrainingFindings


def live(findings: TrainingFindings, wide: bool = True) -> Figure:
    """All live weights together, biases included, after each epoch."""
    page, (axis,) = figure(wide, 2.2)
    values = [record.live for record in findings.epochs]
    mark = "." if len(values) < 20 else None
    axis.plot(range(1, len(values) + 1), values, color=COLOURS["selected"], marker=mark, linewidth=1.7)
    axis.set_ylim(0, 1.08 * max(values))
    axis.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    axis.set(xlabel="epoch", ylabel="live weights")
    return page
