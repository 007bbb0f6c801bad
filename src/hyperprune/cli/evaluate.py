"""``hyperprune evaluate``."""

from pathlib import Path
from typing import Annotated

import typer

from hyperprune.cli import options
from hyperprune.cli.completion import one_of

_WHICH = "Which network"


def evaluate(
    target: Annotated[
        Path, typer.Argument(help="Checkpoint (epoch-0003.safetensors), folder of a network, or run folder.")
    ],
    candidate: Annotated[
        int | None,
        typer.Option(
            help="Candidate of a search; without it the selected one.", min=0, rich_help_panel=_WHICH
        ),
    ] = None,
    dense: Annotated[
        bool, typer.Option("--dense", help="The dense reference of a search.", rich_help_panel=_WHICH)
    ] = False,
    part: Annotated[str, typer.Option(autocompletion=one_of("part"), help="train, valid or test.")] = "test",
    corpus: Annotated[str | None, typer.Option(help="Another text than the run's.")] = None,
    level: Annotated[
        str | None, typer.Option(autocompletion=one_of("level"), help="Tokens of that text: word, character.")
    ] = None,
    batch: Annotated[int | None, typer.Option(help="Columns of the text.")] = None,
    bptt: Annotated[int | None, typer.Option(help="Steps of a window.")] = None,
    task: options.TaskAgain = None,
    threads: Annotated[int, typer.Option(help="Threads.", min=1, max=1024)] = 1,
    device: Annotated[str, typer.Option(help="Such as cpu or cuda:0.")] = "cpu",
    as_json: options.Json = False,
) -> None:
    """Measure a trained network: its perplexity, or what its task calls its number.

    A run folder of a search stands for its selected network. The text is the run's own, or --corpus, which
    is read with the vocabulary that the network was trained with.
    """
    from hyperprune.cli import run_evaluate

    values = {
        "corpus.source": corpus,
        "corpus.level": level,
        "recipe.evaluation_batch": batch,
        "recipe.bptt": bptt,
    }
    run_evaluate.evaluate(
        target, candidate, values, part, task, dense=dense, threads=threads, device=device, as_json=as_json
    )
