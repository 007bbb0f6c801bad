"""A candidate's spectrum at each measured epoch, and the dense one that it is compared with."""

from matplotlib.figure import Figure

from hyperprune.reports.figures.style import COLOURS, figure
from hyperprune.reports.findings import DENSE, Findings

_MOST = 12


def spectra_by_epoch(findings: Findings, wide: bool = True, *, name: str | None = None) -> Figure | None:
    """A panel an epoch, all layers one after the other; at most twelve epochs, evenly spread.

    Args:
        findings: the run.
        wide: for a desktop, or for a phone.
        name: the candidate; the leading one if left out.
    """
    if name is None:
        name = findings.leading.name if findings.leading else ""
    dense, other = findings.compared(name), findings.spectra.get(name, {})
    epochs = _spread(sorted(dense))
    if not epochs or findings.layer is None:
        return None
    page, axes = figure(wide, 1.9 if wide else 1.7, len(epochs), columns=4)
    borders = findings.layer.diff().nonzero().flatten().tolist()
    for axis, epoch in zip(axes, epochs, strict=True):
        axis.plot(dense[epoch], "--", color=COLOURS["dense"], linewidth=1.2, label=DENSE)
        axis.plot(other[epoch], color=COLOURS["selected"], linewidth=1.2, label=f"candidate {name}")
        for border in borders:
            axis.axvline(border + 0.5, color=COLOURS["muted"], linewidth=0.8, linestyle=":")
        axis.set_title(f"epoch {epoch}")
        axis.sharey(axes[0])
    handles, labels = axes[0].get_legend_handles_labels()
    page.legend(handles, labels, loc="outside upper left", ncols=2)
    page.supylabel("exponent (nats a step)", fontsize=8.5)
    page.supxlabel("index, layer after layer", fontsize=8.5)
    return page


def _spread(epochs: list[int]) -> list[int]:
    if len(epochs) <= _MOST:
        return epochs
    return [epochs[round(place * (len(epochs) - 1) / (_MOST - 1))] for place in range(_MOST)]
