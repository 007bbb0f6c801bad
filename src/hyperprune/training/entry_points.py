"""The functions that executors call: JSON in, JSON out."""

from typing import Any

from hyperprune.training import measure_given
from hyperprune.training.evaluation import EvaluationJob, evaluate_checkpoint
from hyperprune.training.job import TrainingJob, run
from hyperprune.training.progress import Listener, silent

TRAIN = "hyperprune.training.entry_points:train"
MEASURE = "hyperprune.training.entry_points:measure"
EVALUATE = "hyperprune.training.entry_points:evaluate"


def train(payload: dict[str, Any], listener: Listener = silent) -> dict[str, Any]:
    """Bring a ``TrainingJob`` to its budget and give its ``History``."""
    return run(TrainingJob.model_validate(payload), listener).model_dump(mode="json")


def measure(payload: dict[str, Any], listener: Listener = silent) -> dict[str, Any]:
    """Measure the network of a ``ReferenceJob`` and give its ``History``."""
    return measure_given.run(measure_given.ReferenceJob.model_validate(payload)).model_dump(mode="json")


def evaluate(payload: dict[str, Any], listener: Listener = silent) -> float:
    """Loss of an ``EvaluationJob``."""
    return evaluate_checkpoint(EvaluationJob.model_validate(payload))
