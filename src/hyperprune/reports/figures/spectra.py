"""Spectra of the dense network and of the candidates nearest to it and farthest from it."""

from collections.abc import Mapping

from matplotlib.figure import Figure

from hyperprune.lyapunov import Spectrum
from hyperprune.reports.figures.style import COLOURS, WORST, figure


def spectra(named: Mapping[str, Spectrum], epoch: int) -> Figure:
    """Mean exponents in nats a step by index, one panel a layer.

    Args:
        named: spectra of one epoch: ``dense``, ``best ...`` and ``worst ...``.
        epoch: that epoch.
    """
    layers = sorted({int(layer) for layer in next(iter(named.values())).layer})
    page, axes = figure(9.0, 4.0, columns=len(layers))
    for name, spectrum in named.items():
        kind = name.split()[0]
        colour = {"dense": COLOURS["dense"], "best": COLOURS["selected"]}.get(kind, WORST)
        for axis, layer in zip(axes, layers, strict=True):
            values = spectrum.mean[spectrum.layer == layer]
            axis.plot(values, color=colour, linestyle="--" if kind == "dense" else "-", label=name)
    for axis, layer in zip(axes, layers, strict=True):
        axis.axhline(0, color="#888888", linewidth=0.7)
        axis.set(xlabel="index", title=f"Layer {layer}, after epoch {epoch}")
    axes[0].set_ylabel(f"exponent ({next(iter(named.values())).unit})")
    axes[0].legend(frameon=False, fontsize=8)
    return page
