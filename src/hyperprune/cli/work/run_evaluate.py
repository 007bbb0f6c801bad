"""What ``hyperprune evaluate`` does."""

import math
from pathlib import Path
from typing import Any

import torch

from hyperprune.accelerators import check_device
from hyperprune.cli.terminal.output import print_json
from hyperprune.cli.terminal.screen import Screen
from hyperprune.cli.work.trained_task import recipe_of, trained_task
from hyperprune.errors import ConfigurationError, DivergedError
from hyperprune.search import Trained, validated
from hyperprune.search.results.find import with_network
from hyperprune.training import Evaluation, EvaluationJob, RuntimeConfig
from hyperprune.training.evaluation import evaluate as measure

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
    check_device(runtime.device)
    torch.set_num_threads(runtime.threads)

    def job_of(found: Trained) -> EvaluationJob:
        return EvaluationJob.model_validate(
            {
                "checkpoint": found.weights,
                "task": trained_task(found, values, task),
                "recipe": recipe_of(found, values),
                "part": part,
                "threads": runtime.threads,
                "device": runtime.device,
            }
        )

    def measured_at(found: Trained) -> tuple[EvaluationJob, Evaluation]:
        job = job_of(found)
        return job, measure(job)

    job, measured = with_network(target, candidate, measured_at, dense=dense)
    named = job.task
    score, details = measured.score, measured.details
    if not math.isfinite(measured.value):
        raise DivergedError(
            f"the {score.name} of the {part} part is {measured.value}: see evaluate() of {named.subject}, "
            "and its data"
        )
    if as_json:
        known = {"part": part, "score": score.model_dump(mode="json"), "value": measured.value, **details}
        print_json({**known, "weights": str(job.checkpoint), "of": named.subject})
        return
    screen = Screen()
    said = f"{part} {score.name} {score.text(measured.value)}"
    if "tokens" in details:
        said += (
            f" ({details['loss']:.4f} nats or {details['bits']:.4f} bits a token) on "
            f"{details['tokens']:,} tokens, {details['unknown_rate']:.1%} of them unknown"
        )
    screen.say(said)
    screen.say(f"network: {job.checkpoint}")
