"""Training: a job brings one network, dense or under a pruning variant, to a number of epochs.

The order inside a step is backward, clip, topology update if due, optimiser, mask; at an epoch's end
evaluate, spectrum, checkpoint. The topology update is the first act of the next epoch, so every
measurement is of a network that has trained since its last update.
"""

from hyperprune.training.evaluation import evaluate_text, load_network
from hyperprune.training.folder import JobFolder
from hyperprune.training.history import EpochRecord, Failure, History
from hyperprune.training.job import TrainingJob, run
from hyperprune.training.measurement import SpectrumConfig
from hyperprune.training.opening import TaskDescription, baseline, bound, open_task, score_named
from hyperprune.training.own_task import OwnTask, named
from hyperprune.training.progress import Listener, Progress, silent
from hyperprune.training.recipe import Recipe
from hyperprune.training.runtime import RuntimeConfig
from hyperprune.training.score import PERPLEXITY, Score
from hyperprune.training.single import TrainConfig, TrainResult, VariantConfig, train
from hyperprune.training.task import Epoch, Task
from hyperprune.training.text_task import TextTask

__all__ = [
    "PERPLEXITY",
    "Epoch",
    "EpochRecord",
    "Failure",
    "History",
    "JobFolder",
    "Listener",
    "OwnTask",
    "Progress",
    "Recipe",
    "RuntimeConfig",
    "Score",
    "SpectrumConfig",
    "Task",
    "TaskDescription",
    "TextTask",
    "TrainConfig",
    "TrainResult",
    "TrainingJob",
    "VariantConfig",
    "baseline",
    "bound",
    "evaluate_text",
    "load_network",
    "named",
    "open_task",
    "run",
    "score_named",
    "silent",
    "train",
]
