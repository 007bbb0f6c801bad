"""What the report of a training draws: everything that it has measured, ended or not."""

from collections.abc import Mapping
from dataclasses import dataclass

from hyperprune.reports.findings import DENSE, NetworkRecord
from hyperprune.reports.histories import read_history, read_sizes
from hyperprune.search.space.words import choice_words
from hyperprune.sparsity import density_from_sparsity
from hyperprune.tasks import Score
from hyperprune.training import EpochRecord, History, JobFolder, TrainConfig, TrainingRun, TrainResult
from hyperprune.training.train_one import NETWORK


@dataclass(frozen=True)
class TrainingFindings:
    """A training.

    Attributes:
        config: its configuration.
        history: one record an epoch, and how it failed if it did.
        sizes: all weights of each matrix, gates apart; empty where the run did not record them.
        result: none while it has not ended.
        seconds: of all epochs together; none where they are not known.
    """

    config: TrainConfig
    history: History
    sizes: Mapping[str, int]
    result: TrainResult | None
    seconds: float | None

    @property
    def score(self) -> Score:
        """What the scores are called."""
        return self.config.described.judged_by

    @property
    def epochs(self) -> tuple[EpochRecord, ...]:
        """One record an epoch."""
        return self.history.epochs

    @property
    def density(self) -> float:
        """What was asked for, over all matrices together."""
        return 1.0 if self.config.dense else density_from_sparsity(self.config.sparsity)

    @property
    def scores(self) -> tuple[float, ...]:
        """Of the validation part, by epoch."""
        return tuple(self.score.shown(record.valid_loss) for record in self.epochs)

    @property
    def network(self) -> NetworkRecord:
        """The network as reports of searches have it."""
        return NetworkRecord(
            DENSE if self.config.dense else "network",
            DENSE if self.config.dense else "selected",
            train_loss=tuple(record.train_loss for record in self.epochs),
            valid_score=self.scores,
            live_weights=tuple(record.live_weights for record in self.epochs),
        )

    @property
    def choices(self) -> str:
        """The pruning choices in words."""
        variant = self.config.pruning
        if variant is None:
            return "dense"
        method = self.config.variant.method
        return choice_words(variant.to_dict() | ({} if method is None else {"method": method}))


def gather_training(run: TrainingRun) -> TrainingFindings:
    """Everything measured in the folder of a training; nothing is trained, and no network is built.

    Raises:
        RunFolderError: this is no run folder, or of a version that cannot be read.
    """
    job = JobFolder(run.path / NETWORK)
    seconds = job.seconds()
    return TrainingFindings(
        config=run.config,
        history=read_history(job),
        sizes=read_sizes(job),
        result=run.result if (run.path / "result.json").exists() else None,
        seconds=sum(seconds.values()) if seconds else None,
    )
