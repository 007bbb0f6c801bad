"""Training: a job brings one network, dense or under a pruning variant, to a number of epochs.

The order inside a step is backward, clip, topology update if due, optimiser, mask; at an epoch's end
evaluate, spectrum, checkpoint. The topology update is the first act of the next epoch, so every
measurement is of a network that has trained since its last update.
"""

from hyperprune.training.evaluation import evaluate_text, load_network, perplexity
from hyperprune.training.folder import JobFolder
from hyperprune.training.history import EpochRecord, Failure, History
from hyperprune.training.job import TrainingJob, run
from hyperprune.training.measurement import SpectrumConfig
from hyperprune.training.progress import Listener, Progress, silent
from hyperprune.training.recipe import Recipe
from hyperprune.training.runtime import RuntimeConfig
from hyperprune.training.single import TrainConfig, TrainResult, VariantConfig, train
from hyperprune.training.task import Task

__all__ = [
    "EpochRecord",
    "Failure",
    "History",
    "JobFolder",
    "Listener",
    "Progress",
    "Recipe",
    "RuntimeConfig",
    "SpectrumConfig",
    "Task",
    "TrainConfig",
    "TrainResult",
    "TrainingJob",
    "VariantConfig",
    "evaluate_text",
    "load_network",
    "perplexity",
    "run",
    "silent",
    "train",
]
