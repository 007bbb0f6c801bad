"""What ``hyperprune spectrum`` does: computes, prints, plots and keeps."""

import dataclasses
import io
import math
from pathlib import Path
from typing import Any

import torch
from matplotlib.figure import Figure
from rich.table import Table

from hyperprune import files, lyapunov
from hyperprune.cli.terminal.output import print_json
from hyperprune.cli.terminal.screen import Screen
from hyperprune.cli.terminal.terminal_plot import spark
from hyperprune.cli.work.spectrum_target import Subject
from hyperprune.errors import ConfigurationError
from hyperprune.search import validated
from hyperprune.tasks import SpectrumConfig

_DEAD_COLUMN = 7  # of the column that is there only where directions are dead
_COLUMNS = 68  # signs of a table without its last column
_FORMATS = (".png", ".svg", ".pdf")
_PAPER_INPUTS = 35  # what the preset takes; its warm-up runs over the first ten of them


def prepare(threads: int, plot: Path | None, save: Path | None) -> None:
    """Set the threads, and refuse files to write that exist already, before anything is computed."""
    torch.set_num_threads(threads)
    if plot is not None and plot.suffix not in _FORMATS:
        raise ConfigurationError(
            f"a plot is a {', '.join(_FORMATS)} file, got {plot.name!r}: give a name that ends so"
        )
    for path in (plot, save):
        if path is not None and files.expanded(path).exists():
            raise ConfigurationError(f"{path} exists already and is left as it is: give another name")


def spectrum(
    subject: Subject,
    given: dict[str, Any],
    preset: str | None,
    plot: Path | None,
    save: Path | None,
    *,
    as_json: bool,
) -> None:
    """Compute the spectrum, and give it in every form that was asked for."""
    computed = _compute(subject, given, preset)
    if save is not None:
        computed.save(files.expanded(save))
    if plot is not None:
        _draw(computed, files.expanded(plot))
    if as_json:
        print_json(_document(computed, subject.name))
    else:
        _print(computed, subject.name, plot)


def _compute(subject: Subject, given: dict[str, Any], preset: str | None) -> lyapunov.Spectrum:
    """With the preset only what was given is passed on, so that the preset fills the rest."""
    chosen = {name: value for name, value in given.items() if value is not None}
    config = validated(SpectrumConfig, {**subject.conventions.model_dump(), **chosen})
    passed: dict[str, Any] = config.model_dump(exclude={"batch"})
    length = config.warmup + config.steps
    if preset is not None:
        passed = {name: value for name, value in chosen.items() if name != "batch"} | {"preset": preset}
        length = max(chosen.get("steps", _PAPER_INPUTS), chosen.get("warmup", 0))
    return subject.driven(config.batch, length).spectrum(**passed)


def _draw(computed: lyapunov.Spectrum, path: Path) -> None:
    figure = Figure(figsize=(6.4, 4.0), layout="constrained")
    computed.plot(figure.subplots())
    buffer = io.BytesIO()
    figure.savefig(buffer, format=path.suffix[1:], dpi=140)
    files.write_new(path, buffer.getvalue())


def _document(computed: lyapunov.Spectrum, name: str) -> dict[str, Any]:
    return {
        "network": name,
        "unit": computed.unit,
        "exponents": _finite(computed.mean.tolist()),
        "std": _finite(computed.std.tolist()),
        "layer": computed.layer.tolist(),
        "sequences": len(computed.exponents),
        "steps": computed.steps,
        "clamped": int(computed.clamped.sum()),
        "dead": int(computed.dead.sum()),
        "rounded": int(computed.rounded.sum()),
        "largest": _finite([computed.largest])[0],
        "entropy": _of_whole_state(computed, "entropy"),
        "kaplan_yorke_dimension": _of_whole_state(computed, "kaplan_yorke_dimension"),
        "conventions": dataclasses.asdict(computed.conventions),
    }


def _print(computed: lyapunov.Spectrum, name: str, plot: Path | None) -> None:
    screen = Screen()
    own = computed.conventions
    screen.say(
        f"{name}: {len(computed.exponents)} sequences, {computed.steps} counted steps, state {own.state}, "
        f"direction {own.direction}, {computed.unit}"
    )
    table = Table()
    some_dead = bool(computed.dead.any())
    curve = max(6, min(24, screen.width - _COLUMNS - _DEAD_COLUMN * some_dead))
    headings = (
        "layer",
        "exponents",
        *(["dead"] if some_dead else []),
        "largest",
        "mean",
        "smallest",
        "positive",
    )
    for number, heading in enumerate((*headings, "sorted")):
        is_number = 0 < number < len(headings)
        table.add_column(heading, justify="right" if is_number else "left", no_wrap=True)
    for layer in computed.layer.unique().tolist():
        values = computed.mean[computed.layer == layer].sort(descending=True).values
        table.add_row(
            f"{layer}",
            f"{len(values)}",
            *([f"{int(computed.dead[computed.layer == layer].sum())}"] if some_dead else []),
            f"{float(values[0]):.4f}",
            f"{float(values.mean()):.4f}",
            f"{float(values[-1]):.4f}",
            f"{int((values > 0).sum())}",
            spark(values.tolist(), curve, ascii_only=screen.options.ascii_only),
        )
    screen.print(table)
    entropy, dimension = (_of_whole_state(computed, name) for name in ("entropy", "kaplan_yorke_dimension"))
    screen.say(
        f"largest {computed.largest:.4f}"
        + ("" if entropy is None else f", entropy {entropy:.4f}")
        + ("" if dimension is None else f", Kaplan-Yorke dimension {dimension:.2f}")
        + (f", {dead} dead directions" if (dead := int(computed.dead.sum())) else "")
        + (f", {clamped} logarithms cut at the floor" if (clamped := int(computed.clamped.sum())) else "")
    )
    if plot is not None:
        screen.say(f"Plot: {plot}")


def _of_whole_state(computed: lyapunov.Spectrum, name: str) -> float | None:
    """None where h alone was tracked, where too few exponents were followed, or one is infinite."""
    try:
        value: float = getattr(computed, name)
    except ConfigurationError:
        return None
    return value if math.isfinite(value) else None


def _finite(values: list[float]) -> list[float | None]:
    """JSON has no infinity: an exponent without a floor may be one."""
    return [value if math.isfinite(value) else None for value in values]
