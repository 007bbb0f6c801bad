"""Networks of a search brought to an epoch, and measured; the only part that starts jobs."""

import math
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass

from hyperprune.errors import WorkerDiedError, out_of_memory
from hyperprune.executors import Executor, completed, retried, then
from hyperprune.search.config import SearchConfig
from hyperprune.search.events import Listener
from hyperprune.search.halving import budgets
from hyperprune.search.metrics import METRICS, Measured, spectrum_distance
from hyperprune.search.reference import Reference
from hyperprune.search.run_folder import RunFolder
from hyperprune.sparsity import PruningVariant
from hyperprune.training import History, JobFolder, TrainingJob
from hyperprune.training.checkpoint import path as checkpoint_path
from hyperprune.training.evaluation import EvaluationJob
from hyperprune.training.history import Failure
from hyperprune.training.job import check, finished, tell_known
from hyperprune.training.work import EVALUATE, TRAIN


@dataclass(frozen=True)
class Wanted:
    """A candidate, and until which epoch it is to be trained."""

    number: int
    variant: PruningVariant
    until: int


class Trainer:
    """Starts the jobs of one search.

    Args:
        config: the search.
        folder: where its networks are kept.
        executor: where its jobs run.
        listener: hears what an earlier process has trained already.
    """

    def __init__(
        self, config: SearchConfig, folder: RunFolder, executor: Executor, listener: Listener = lambda _: None
    ) -> None:
        self._config, self._folder, self._executor, self._listener = config, folder, executor, listener
        self._metric = METRICS[config.search.metric]
        self._reference: Reference | None = None

    def dense(self) -> Reference:
        """The dense reference, which begins to train to the full budget."""
        config, pool = self._config, self._config.search
        rounds = budgets(pool.candidates, pool.first_epochs, pool.round_epochs)

        def train(until: int) -> Future[History]:
            return self._start(self._job("dense", self._folder.dense, None, until))

        self._reference = Reference(train, [*(r.until for r in rounds), config.recipe.epochs])
        return self._reference

    def train(self, wanted: Iterable[Wanted]) -> Iterator[tuple[History, float | None]]:
        """Train candidates side by side; give history and metric of each, in the order they are wanted.

        Raises:
            DivergedError: the dense reference diverged meanwhile.
        """
        ahead = self._executor.workers if self._executor.workers == 1 else sys.maxsize
        waiting: deque[tuple[int, Future[History]]] = deque()
        for one in wanted:
            job = self._job(
                f"candidate {one.number}", self._folder.candidate(one.number), one.variant, one.until
            )
            waiting.append((one.number, self._start(job)))
            if len(waiting) == ahead:
                yield self._measured(*waiting.popleft())
        while waiting:
            yield self._measured(*waiting.popleft())

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

    def test_losses(self, networks: Iterable[tuple[JobFolder, int]]) -> list[float]:
        """Loss of kept checkpoints, by folder and epoch, on the test part, smaller is better."""
        config = self._config
        jobs = [
            EvaluationJob(
                checkpoint=checkpoint_path(folder.path, epoch),
                task=config.described,
                recipe=config.recipe,
                part="test",
                threads=config.runtime.threads,
                device=config.runtime.device,
            )
            for folder, epoch in networks
        ]
        running = [self._executor.submit(EVALUATE, job.model_dump(mode="json")) for job in jobs]
        return [float(future.result()) for future in running]

    def check(self) -> None:
        """Find what would stop the search before anything is written or trained.

        Raises:
            CorpusError: the text is too short.
            ConfigurationError: a variant is impossible with the network or the optimiser.
        """
        config = self._config
        for variant in (None, next(config.space.examples(config.density))):
            check(self._job("check", self._folder.dense, variant, config.recipe.epochs))

    def _measured(self, number: int, training: Future[History]) -> tuple[History, float | None]:
        """Wait for a candidate, and for the dense reference where it is measured against that."""
        history = self._history(number, training)
        if self._reference is not None:
            self._reference.check()
            if history.failure is None:
                self._reference.at(history.last.epoch)
        return history, self.metric(number, history)

    def _history(self, number: int, training: Future[History]) -> History:
        """Wait for a candidate; one that no worker can train has failed, and the search goes on."""
        try:
            return training.result()
        except Exception as error:
            if not (out_of_memory(error) or isinstance(error, WorkerDiedError)):
                raise
            folder = self._folder.candidate(number)
            known = folder.history()
            failure = Failure(epoch=len(known.epochs) + 1, reason=_reason(error))
            folder.save_failure(failure)
            return known.model_copy(update={"failure": failure})

    def _start(self, job: TrainingJob) -> Future[History]:
        """Begin a job; what an earlier process has finished is only read."""
        known = finished(job)
        if known is not None:
            tell_known(job, known, self._listener)
            return completed(known)
        payload = job.model_dump(mode="json")
        # for want of memory a job may fail because of what ran beside it
        running = retried(lambda: self._executor.submit(TRAIN, payload), out_of_memory)
        return then(running, History.model_validate)

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


def _reason(error: Exception) -> str:
    """Why a candidate could not be trained, in one line."""
    if isinstance(error, WorkerDiedError):
        return str(error)
    return f"the memory did not suffice, twice: {' '.join(str(error).split())[:200]}"
