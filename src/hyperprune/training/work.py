"""The functions that executors call: JSON in, JSON out."""

from typing import Any

from hyperprune.training import reference
from hyperprune.training.evaluation import EvaluationJob, evaluate_checkpoint
from hyperprune.training.job import TrainingJob, run
from hyperprune.training.progress import Listener, silent

TRAIN = "hyperprune.training.work:train"
MEASURE = "hyperprune.training.work:measure"
EVALUATE = "hyperprune.training.work:evaluate"


def train(payload: dict[str, Any], listener: Listener = silent) -> dict[str, Any]:
    """Bring a ``TrainingJob`` to its budget and give its ``History``."""
    return run(TrainingJob.model_validate(payload), listener).model_dump(mode="json")


def measure(payload: dict[str, Any], listener: Listener = silent) -> dict[str, Any]:
    """Measure the network of a ``ReferenceJob`` and give its ``History``."""
    return reference.run(reference.ReferenceJob.model_validate(payload)).model_dump(mode="json")


def evaluate(payload: dict[str, Any], listener: Listener = silent) -> float:
    """Loss of an ``EvaluationJob``."""
    return evaluate_checkpoint(EvaluationJob.model_validate(payload))
