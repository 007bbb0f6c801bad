"""What ``hyperprune evaluate`` does."""

import math
from pathlib import Path
from typing import Any

import torch
from rich.console import Console

from hyperprune.cli.output import print_json
from hyperprune.cli.own_tasks import refuse_text_options
from hyperprune.cli.texts import own_task_of, recipe_of, text_of
from hyperprune.errors import ConfigurationError, DivergedError
from hyperprune.search import Trained, find, validated
from hyperprune.training import OwnTask, Recipe, RuntimeConfig
from hyperprune.training.evaluation import EvaluationJob, evaluate_checkpoint
from hyperprune.training.evaluation import evaluate as measure
from hyperprune.training.opened import score_of
from hyperprune.training.own_task import make

_PARTS = ("train", "valid", "test")


def evaluate(
    target: Path,
    candidate: int | None,
    values: dict[str, Any],
    part: str,
    task: str | None,
    *,
    dense: bool,
    threads: int,
    device: str,
    as_json: bool,
) -> None:
    """Find the network, measure it, print what came out."""
    if part not in _PARTS:
        raise ConfigurationError(f"unknown part {part!r}: choose one of {', '.join(_PARTS)}")
    runtime = validated(RuntimeConfig, {"threads": threads, "device": device})
    torch.set_num_threads(runtime.threads)
    found = find(target, candidate, dense=dense)
    if (own := own_task_of(found, task)) is not None:
        _own(found, own, values, part, runtime, as_json=as_json)
        return
    corpus = text_of(found, values)
    measured = measure(found.weights, corpus, recipe_of(found, values), part, runtime.device)
    if as_json:
        print_json(
            {**measured.model_dump(mode="json"), "weights": str(found.weights), "corpus": corpus.source}
        )
        return
    console = Console()
    console.print(
        f"{part} perplexity {measured.perplexity:.2f} ({measured.loss:.4f} nats or {measured.bits:.4f} bits "
        f"a token) on {measured.tokens:,} tokens, {measured.unknown_rate:.1%} of them unknown",
        highlight=False,
        soft_wrap=True,
    )
    console.print(f"network: {found.weights}", highlight=False, soft_wrap=True)


def _own(
    found: Trained, task: OwnTask, values: dict[str, Any], part: str, runtime: RuntimeConfig, *, as_json: bool
) -> None:
    """Measure a network of a task of the user's own."""
    refuse_text_options(task.object, values)
    job = EvaluationJob.model_validate(
        {
            "checkpoint": found.weights,
            "task": task,
            "recipe": Recipe(),
            "part": part,
            "device": runtime.device,
        }
    )
    called = score_of(make(task))
    score = called.shown(evaluate_checkpoint(job))
    if not math.isfinite(score):
        raise DivergedError(
            f"the {called.name} of the {part} part is {score}: see evaluate() of {task.object}, and its data"
        )
    if as_json:
        document = {"part": part, "score": called.model_dump(mode="json"), "value": score}
        print_json({**document, "weights": str(found.weights), "task": task.object})
        return
    console = Console()
    console.print(f"{part} {called.name} {called.text(score)}", highlight=False, soft_wrap=True)
    console.print(f"network: {found.weights}", highlight=False, soft_wrap=True)
