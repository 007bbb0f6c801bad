"""Pictures of spectra; matplotlib is loaded when one is drawn."""

from typing import TYPE_CHECKING

from hyperprune.errors import ConfigurationError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from hyperprune.lyapunov.record import Spectrum


def draw_spectrum(spectrum: "Spectrum", axes: "Axes | None") -> "Axes":
    """Exponents sorted within each layer, with a band of one standard deviation over the sequences."""
    axes = axes or _new_axes()
    mean, std, layer = spectrum.mean.detach(), spectrum.std.detach(), spectrum.layer
    for number, size in enumerate(spectrum.layer_sizes, start=1):
        order = mean[layer == number].argsort(descending=True)
        value, spread = mean[layer == number][order].numpy(), std[layer == number][order].numpy()
        place = range(1, size + 1)
        (line,) = axes.plot(place, value, marker="." if size < 40 else "", label=f"layer {number}")
        axes.fill_between(
            place, value - spread, value + spread, alpha=0.25, color=line.get_color(), linewidth=0
        )
    axes.axhline(0.0, color="grey", linewidth=0.6)
    axes.set_xlabel("exponent, sorted within its layer")
    axes.set_ylabel(f"Lyapunov exponent ({spectrum.unit})")
    axes.legend()
    return axes


def draw_running(spectrum: "Spectrum", axes: "Axes | None", lines: int = 12) -> "Axes":
    """Running estimates of some exponents, averaged over the sequences, against counted steps.

    Raises:
        ConfigurationError: the spectrum was computed without ``running=True``.
    """
    if spectrum.running is None:
        raise ConfigurationError(
            "a convergence plot needs the running estimate, got none: compute with running=True"
        )
    axes = axes or _new_axes()
    values = spectrum.running.detach().mean(dim=1).numpy()
    count = values.shape[1]
    steps = [spectrum.steps * (time + 1) / len(values) for time in range(len(values))]
    shown = min(lines, count)
    for column in (round(place * (count - 1) / max(1, shown - 1)) for place in range(shown)):
        axes.plot(steps, values[:, column], label=f"{column + 1}", linewidth=1)
    axes.set_xlabel("counted steps")
    axes.set_ylabel(f"running estimate ({spectrum.unit})")
    axes.legend(title="exponent", ncols=2, fontsize="small")
    return axes


def _new_axes() -> "Axes":
    from matplotlib.figure import Figure

    return Figure(figsize=(6.4, 4.0), layout="constrained").subplots()
