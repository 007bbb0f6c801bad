"""Spectra of the dense network and of the candidates that the first ranking put first and last."""

from collections.abc import Mapping

from matplotlib.figure import Figure
from torch import Tensor

from hyperprune.reports.figures.style import COLOURS, figure
from hyperprune.reports.findings import DENSE, Findings, after


def spectra(findings: Findings, wide: bool = True) -> Figure | None:
    """Mean exponents by index, a panel a layer, after the first ranking; None without one."""
    first = findings.rounds[0] if findings.rounds else None
    if first is None or not first.ranking or findings.layer is None:
        return None
    named = {
        DENSE: ("dense", DENSE),
        f"best: candidate {first.ranking[0]}": ("selected", str(first.ranking[0])),
        f"worst: candidate {first.ranking[-1]}": ("worst", str(first.ranking[-1])),
    }
    spectra = {**findings.spectra, DENSE: findings.compared(str(first.ranking[0]))}
    layers = sorted({int(number) for number in findings.layer})
    page, axes = figure(wide, 3.6 if wide else 2.9, len(layers))
    for label, (colour, name) in named.items():
        spectrum = _at(spectra, name, first.until)
        if spectrum is None:
            continue
        for axis, number in zip(axes, layers, strict=True):
            values = spectrum[findings.layer == number]
            style = "--" if name == DENSE else "-"
            axis.plot(range(1, len(values) + 1), values, style, color=COLOURS[colour], label=label)
    for axis, number in zip(axes, layers, strict=True):
        axis.axhline(0, color=COLOURS["muted"], linewidth=0.8)
        axis.set(xlabel="index", title=f"Layer {number}, {after(first.until)}")
    axes[0].set_ylabel("exponent (nats a step)")
    axes[0].legend()
    return page


def _at(found: Mapping[str, Mapping[int, Tensor]], name: str, epoch: int) -> Tensor | None:
    return found.get(name, {}).get(epoch)
