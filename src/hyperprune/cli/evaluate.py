"""``hyperprune evaluate``."""

from pathlib import Path
from typing import Annotated, Any

import typer

from hyperprune.cli import options
from hyperprune.cli.keys import EVALUATED
from hyperprune.cli.table import configured, option


@configured(EVALUATED)
def evaluate(
    target: Annotated[
        Path, typer.Argument(help="Checkpoint (epoch-0003.safetensors), folder of a network, or run folder.")
    ],
    candidate: options.Candidate = None,
    dense: options.Dense = False,
    part: Annotated[str, option(None, "Part of the data.", role="part")] = "test",
    *,
    values: dict[str, Any],
    task: options.TaskAgain = None,
    threads: options.Threads = 1,
    device: options.Device = "cpu",
    as_json: options.Json = False,
) -> None:
    """Measure a trained network: its perplexity, or the score of its task.

    A run folder of a search stands for its selected network. The text is the run's own, or --corpus, which
    is read with the vocabulary that the network was trained with.
    """
    from hyperprune.cli.work import run_evaluate

    run_evaluate.evaluate(
        target, candidate, values, part, task, dense=dense, threads=threads, device=device, as_json=as_json
    )
