"""The functions that executors call: JSON in, JSON out."""

from typing import Any

from hyperprune.training import itemised, measure_given
from hyperprune.training.evaluation import EvaluationJob
from hyperprune.training.job import TrainingJob, run_job
from hyperprune.training.progress import Listener, silent
from hyperprune.training.stored.traces import traced

TRAIN = "hyperprune.training.entry_points:train"
MEASURE = "hyperprune.training.entry_points:measure"
EVALUATE = "hyperprune.training.entry_points:evaluate"
START = "hyperprune.training.entry_points:start"


def train(payload: dict[str, Any], listener: Listener = silent) -> dict[str, Any]:
    """Bring a ``TrainingJob`` to its budget and give its ``History``."""
    job = TrainingJob.model_validate(payload)
    with traced(job.folder):
        return run_job(job, listener).model_dump(mode="json")


def measure(payload: dict[str, Any], listener: Listener = silent) -> dict[str, Any]:
    """Measure the network of a ``ReferenceJob`` and give its ``History``."""
    job = measure_given.ReferenceJob.model_validate(payload)
    with traced(job.folder):
        return measure_given.measure_reference(job).model_dump(mode="json")


def evaluate(payload: dict[str, Any], listener: Listener = silent) -> dict[str, Any]:
    """Do an ``EvaluationJob`` and give the ``Itemised`` network."""
    return itemised.evaluate_items(EvaluationJob.model_validate(payload)).model_dump(mode="json")


def start(payload: dict[str, Any], listener: Listener = silent) -> float:
    """Validation loss of the network of a ``TrainingJob`` before its first step."""
    return itemised.start_loss(TrainingJob.model_validate(payload))
