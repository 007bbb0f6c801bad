"""``hyperprune generate``."""

from pathlib import Path
from typing import Annotated

import typer

from hyperprune.cli import options
from hyperprune.cli.table import option


def generate(
    target: Annotated[
        Path, typer.Argument(help="Export of the format torch or hub, run folder, or checkpoint.")
    ],
    prompt: Annotated[str, option(None, "Text to continue.")] = "",
    tokens: Annotated[int, option(None, "Words or characters to generate.", min=1, max=1_000_000)] = 100,
    temperature: Annotated[
        float, option(None, "Divides the scores; 0 always takes the most likely.", min=0)
    ] = 1.0,
    seed: Annotated[int, option(None, "Seed of the draws; the same seed gives the same text.", min=0)] = 0,
    candidate: options.Candidate = None,
    dense: options.Dense = False,
    level: Annotated[
        str | None, option(None, "What a checkpoint outside its run reads: word or character.")
    ] = None,
    threads: options.Threads = 1,
) -> None:
    """Generate text with a language model, to see it work.

    An export runs on the kernels that inference takes. Words that the model does not know are never drawn.
    """
    from hyperprune.cli.work import run_generate

    run_generate.generate(
        target, prompt, tokens, temperature, seed, candidate, level, dense=dense, threads=threads
    )
