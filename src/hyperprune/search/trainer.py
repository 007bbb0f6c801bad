"""Networks of a search brought to an epoch, and measured; the only part that starts jobs."""

import math
from typing import Any

from hyperprune.executors import Executor
from hyperprune.search.config import SearchConfig
from hyperprune.search.metrics import METRICS, Measured, spectrum_distance
from hyperprune.search.run_folder import RunFolder
from hyperprune.sparsity import PruningVariant
from hyperprune.training import History, JobFolder, TrainingJob
from hyperprune.training.checkpoint import path as checkpoint_path
from hyperprune.training.evaluation import EvaluationJob
from hyperprune.training.job import check
from hyperprune.training.work import EVALUATE, TRAIN


class Trainer:
    """Starts the jobs of one search.

    Args:
        config: the search.
        folder: where its networks are kept.
        executor: where its jobs run.
    """

    def __init__(self, config: SearchConfig, folder: RunFolder, executor: Executor) -> None:
        self._config, self._folder, self._executor = config, folder, executor
        self._metric = METRICS[config.search.metric]

    def dense(self) -> History:
        """The dense reference, trained to the full budget."""
        return self._train("dense", self._folder.dense, None, self._config.recipe.epochs)

    def candidate(self, number: int, variant: PruningVariant, until: int) -> History:
        """A candidate, trained until an epoch."""
        return self._train(f"candidate {number}", self._folder.candidate(number), variant, until)

    def metric(self, number: int, history: History) -> float | None:
        """What ranks a candidate after its last epoch; none if it failed or the metric is not finite."""
        if history.failure is not None:
            return None
        folder, dense = self._folder.candidate(number), self._folder.dense
        value = self._metric(Measured(history.last, folder, dense, self._config.search.distance))
        return value if math.isfinite(value) else None

    def distances(self, number: int, history: History) -> list[float]:
        """Distance to the dense spectrum of the same epoch, for every epoch of a candidate."""
        folder, dense, kind = self._folder.candidate(number), self._folder.dense, self._config.search.distance
        return [spectrum_distance(folder, dense, record.epoch, kind) for record in history.epochs]

    def test_loss(self, folder: JobFolder, epoch: int) -> float:
        """Loss of a kept checkpoint on the test part, smaller is better."""
        config = self._config
        job = EvaluationJob(
            checkpoint=checkpoint_path(folder.path, epoch),
            task=config.described,
            recipe=config.recipe,
            part="test",
            threads=config.runtime.threads,
            device=config.runtime.device,
        )
        return float(self._executor.submit(EVALUATE, job.model_dump(mode="json")).result())

    def check(self) -> None:
        """Find what would stop the search before anything is written or trained.

        Raises:
            CorpusError: the text is too short.
            ConfigurationError: a variant is impossible with the network or the optimiser.
        """
        config = self._config
        for variant in (None, next(config.space.examples(config.density))):
            check(self._job("check", self._folder.dense, variant, config.recipe.epochs))

    def _train(self, label: str, folder: JobFolder, variant: PruningVariant | None, until: int) -> History:
        payload: dict[str, Any] = self._job(label, folder, variant, until).model_dump(mode="json")
        return History.model_validate(self._executor.submit(TRAIN, payload).result())

    def _job(self, label: str, folder: JobFolder, variant: PruningVariant | None, until: int) -> TrainingJob:
        config = self._config
        return TrainingJob(
            label=label,
            folder=folder.path,
            task=config.described,
            recipe=config.recipe,
            spectrum=config.spectrum,
            variant=variant,
            seed=config.seed,
            until=until,
            threads=config.runtime.threads,
            device=config.runtime.device,
        )
