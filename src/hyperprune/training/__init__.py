"""Training: a job brings one network, dense or under a pruning variant, to a number of epochs.

The order inside a step is backward, clip, topology update if due, optimiser, mask; at an epoch's end
evaluate, spectrum, checkpoint. The topology update is the first act of the next epoch, so every
measurement is of a network that has trained since its last update.
"""

from hyperprune.training.evaluation import Evaluation, EvaluationJob, load_network
from hyperprune.training.job import TrainingJob, run_job
from hyperprune.training.progress import Listener, Progress, silent
from hyperprune.training.pruning import prune
from hyperprune.training.runtime import RuntimeConfig
from hyperprune.training.stored.history import EpochRecord, Failure, History
from hyperprune.training.stored.job_folder import JobFolder
from hyperprune.training.train_one import TrainConfig, TrainResult, VariantConfig, train
from hyperprune.training.training_run import TrainingRun

__all__ = [
    "EpochRecord",
    "Evaluation",
    "EvaluationJob",
    "Failure",
    "History",
    "JobFolder",
    "Listener",
    "Progress",
    "RuntimeConfig",
    "TrainConfig",
    "TrainResult",
    "TrainingJob",
    "TrainingRun",
    "VariantConfig",
    "load_network",
    "prune",
    "run_job",
    "silent",
    "train",
]
