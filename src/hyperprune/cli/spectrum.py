"""``hyperprune spectrum``."""

from pathlib import Path
from typing import Annotated

import typer

from hyperprune.cli import options
from hyperprune.cli.completion import one_of

_WHICH = "Which network"
_HOW = "Conventions (those of the run, where nothing is given)"
_UNTRAINED = "An untrained network"


def spectrum(
    target: Annotated[
        str,
        typer.Argument(
            help="Checkpoint, folder of a network, run folder; or for an untrained network a preset, a "
            "configuration file, a kind such as stacked-lstm, or a task."
        ),
    ],
    corpus: Annotated[
        str | None, typer.Option(help="Text that drives the network; without it the run's own.")
    ] = None,
    level: Annotated[
        str | None, typer.Option(autocompletion=one_of("level"), help="Tokens of that text: word, character.")
    ] = None,
    candidate: Annotated[
        int | None,
        typer.Option(
            help="Candidate of a search; without it the selected one.", min=0, rich_help_panel=_WHICH
        ),
    ] = None,
    dense: Annotated[
        bool, typer.Option("--dense", help="The dense reference of a search.", rich_help_panel=_WHICH)
    ] = False,
    preset: Annotated[
        str | None,
        typer.Option(
            autocompletion=one_of("convention"),
            help="paper: the conventions of published numbers.",
            rich_help_panel=_HOW,
        ),
    ] = None,
    state: Annotated[
        str | None,
        typer.Option(
            autocompletion=one_of("state"), help="hidden (h) or full (h and c).", rich_help_panel=_HOW
        ),
    ] = None,
    direction: Annotated[
        str | None,
        typer.Option(autocompletion=one_of("direction"), help="forward or adjoint.", rich_help_panel=_HOW),
    ] = None,
    warmup: Annotated[
        int | None, typer.Option(help="Steps before counting.", min=0, rich_help_panel=_HOW)
    ] = None,
    steps: Annotated[int | None, typer.Option(help="Counted steps.", min=1, rich_help_panel=_HOW)] = None,
    batch: Annotated[
        int | None,
        typer.Option(help="Sequences, columns of the validation part.", min=1, rich_help_panel=_HOW),
    ] = None,
    k: Annotated[
        int | None, typer.Option(help="Leading exponents of each layer.", min=1, rich_help_panel=_HOW)
    ] = None,
    embedding: Annotated[int | None, typer.Option(help="Embedding size.", rich_help_panel=_UNTRAINED)] = None,
    hidden: Annotated[
        int | None, typer.Option(help="Units of each layer.", rich_help_panel=_UNTRAINED)
    ] = None,
    layers: Annotated[int | None, typer.Option(help="Recurrent layers.", rich_help_panel=_UNTRAINED)] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of its weights.", rich_help_panel=_UNTRAINED)] = None,
    plot: Annotated[
        Path | None, typer.Option(help="Draw it into this new file (.png, .svg or .pdf).")
    ] = None,
    save: Annotated[
        Path | None, typer.Option(help="Keep it in this new file (.safetensors), for Spectrum.load.")
    ] = None,
    task: options.TaskAgain = None,
    threads: Annotated[int, typer.Option(help="Threads.", min=1, max=1024)] = 1,
    device: Annotated[str, typer.Option(help="Such as cpu or cuda:0.")] = "cpu",
    as_json: options.Json = False,
) -> None:
    """Compute the Lyapunov spectrum of a network along a text, print it and plot it."""
    from hyperprune.cli import run_spectrum
    from hyperprune.cli.spectrum_target import subject_of

    given = {
        "state": state,
        "direction": direction,
        "warmup": warmup,
        "steps": steps,
        "batch": batch,
        "k": k,
    }
    values = options.values(
        corpus=corpus, level=level, embedding=embedding, hidden=hidden, layers=layers, seed=seed
    )
    run_spectrum.prepare(threads, plot, save)
    subject = subject_of(target, values, candidate, task, dense=dense, device=device)
    run_spectrum.spectrum(subject, given, preset, plot, save, as_json=as_json)
