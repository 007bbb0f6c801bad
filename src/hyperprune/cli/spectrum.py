"""``hyperprune spectrum``."""

from pathlib import Path
from typing import Annotated, Any

import typer

from hyperprune.cli import options
from hyperprune.cli.keys import MEASURED, SPECTRUM
from hyperprune.cli.table import configured, option


@configured(MEASURED)
def spectrum(
    target: Annotated[
        str,
        typer.Argument(
            help="Checkpoint, folder of a network, run folder; or for an untrained network a preset, a "
            "configuration file, a kind such as stacked-lstm, or a task."
        ),
    ],
    candidate: options.Candidate = None,
    dense: options.Dense = False,
    preset: Annotated[
        str | None, option(SPECTRUM, "The conventions of published numbers.", role="convention")
    ] = None,
    *,
    values: dict[str, Any],
    plot: Annotated[Path | None, option(None, "Draw it into this new file (.png, .svg or .pdf).")] = None,
    save: Annotated[
        Path | None, option(None, "Save it to this new file (.safetensors), for Spectrum.load.")
    ] = None,
    task: options.TaskAgain = None,
    threads: options.Threads = 1,
    device: options.Device = "cpu",
    as_json: options.Json = False,
) -> None:
    """Compute the Lyapunov spectrum of a network along a text, print it and plot it."""
    from hyperprune.cli.work import run_spectrum
    from hyperprune.cli.work.spectrum_target import subject_of

    room = "spectrum."
    given = {key.removeprefix(room): value for key, value in values.items() if key.startswith(room)}
    others = {key: value for key, value in values.items() if not key.startswith(room)}
    run_spectrum.prepare(threads, plot, save)
    subject = subject_of(target, others, candidate, task, dense=dense, device=device)
    run_spectrum.spectrum(subject, given, preset, plot, save, as_json=as_json)
