"""Networks of a search brought to an epoch, and measured; the only part that starts jobs."""

import math
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from itertools import takewhile

from hyperprune.errors import WorkerDiedError, out_of_memory
from hyperprune.executors import Executor, completed, retried, then
from hyperprune.search.config.reference import ReferenceConfig
from hyperprune.search.config.search_config import SearchConfig
from hyperprune.search.metrics.early import Measured, Parts, spectrum_distance
from hyperprune.search.metrics.own import metric_of
from hyperprune.search.plans import rankings
from hyperprune.search.results.folder import RunFolder
from hyperprune.search.rounds.events import Listener
from hyperprune.search.rounds.given_reference import GivenReference
from hyperprune.search.rounds.reference import Reference
from hyperprune.search.rounds.seeds import root_seed
from hyperprune.search.space.choice import Choice
from hyperprune.training import History, JobFolder, TrainingJob
from hyperprune.training.checkpoint import path as checkpoint_path
from hyperprune.training.entry_points import EVALUATE, MEASURE, START, TRAIN
from hyperprune.training.evaluation import EvaluationJob
from hyperprune.training.history import Failure
from hyperprune.training.itemised import Itemised
from hyperprune.training.job import check, finished, tell_known
from hyperprune.training.measure_given import ReferenceJob
from hyperprune.training.measure_given import check as check_reference


@dataclass(frozen=True)
class Wanted:
    """A candidate, and until which epoch it is to be trained."""

    number: int
    choice: Choice
    until: int


@dataclass(frozen=True)
class Reached:
    """How a candidate did.

    Attributes:
        histories: one a seed.
        parts: what the metric measured, one entry a seed; none if one of them failed or is not finite.
    """

    histories: tuple[History, ...]
    parts: tuple[Parts, ...] | None


@dataclass(frozen=True, eq=False)
class _Begun:
    """A job that was started, or was finished before."""

    job: TrainingJob
    future: Future[History]


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
        self.metric = metric_of(config.search.metric)
        self._start_from = config.reference.weights if config.reference and config.reference.start else None
        self._references: list[Reference | GivenReference] = []

    def dense(self) -> Reference | GivenReference:
        """The dense reference, which begins to train to the full budget; with it those of further seeds,
        which train as far as something is measured against them, and not at all if the metric does not.
        """
        if self._config.reference is not None:
            given = GivenReference(self._given())
            self._references += [given] * self._config.search.seeds
            return given
        full = self._config.recipe.epochs
        measured = {ranking.until for ranking in rankings(self._config.plan)}
        for seed in range(self._config.search.seeds if self.metric.needs_dense else 1):
            stages = measured | {full} if seed == 0 else measured - {full} or {full}
            self._references.append(Reference(partial(self._train_dense, seed), stages))
        return self._references[0]

    def train(self, wanted: Iterable[Wanted]) -> Iterator[Reached]:
        """Train candidates side by side; give what became of each, in the order they are wanted.

        Raises:
            DivergedError: the dense reference diverged meanwhile.
        """
        ahead = self._executor.workers if self._executor.workers == 1 else sys.maxsize
        waiting: deque[tuple[int, list[_Begun]]] = deque()
        for one in wanted:
            waiting.append(
                (one.number, [self._train(one, seed) for seed in range(self._config.search.seeds)])
            )
            if len(waiting) == ahead:
                yield self._reached(*waiting.popleft())
        while waiting:
            yield self._reached(*waiting.popleft())

    def distances(self, number: int, history: History, seed: int = 0) -> list[float]:
        """Distance to the dense spectrum of the same epoch, for every epoch of a candidate.

        Dense references of further seeds end early, and the distances with them.
        """
        folder, dense = self._folder.candidate(number, seed), self._dense_folder(seed)
        kind, known = self._config.search.distance, history.epochs
        if seed > 0 and self._config.reference is None:
            known = tuple(takewhile(lambda record: dense.spectrum_path(record.epoch).exists(), known))
        return [spectrum_distance(folder, dense, record.epoch, kind) for record in known]

    def initial_distance(self, number: int, history: History) -> float | None:
        """Distance to the dense spectrum before the first step, where it was measured."""
        if history.initial is None or history.initial.spectrum is None:
            return None
        folder = self._folder.candidate(number)
        return spectrum_distance(folder, self._folder.dense, 0, self._config.search.distance)

    def tested(self, networks: Iterable[tuple[JobFolder, int]]) -> list[Itemised]:
        """Kept checkpoints, by folder and epoch, on the test part."""
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
        return [Itemised.model_validate(future.result()) for future in running]

    def start_losses(self, networks: Iterable[tuple[str, JobFolder, Choice | None, int]]) -> list[float]:
        """Validation loss before the first step of networks by label, folder, choice and seed."""
        jobs = [self._job(label, folder, choice, 0, seed) for label, folder, choice, seed in networks]
        running = [self._executor.submit(START, job.model_dump(mode="json")) for job in jobs]
        return [float(future.result()) for future in running]

    def described(self, label: str, folder: JobFolder, choice: Choice | None, until: int) -> TrainingJob:
        """The job of a network beside the candidates; none for the dense one."""
        return self._job(label, folder, choice, until)

    def begin(self, job: TrainingJob | ReferenceJob) -> Future[History]:
        """Begin the job of such a network."""
        if isinstance(job, TrainingJob):
            return self._start(job)
        return then(self._executor.submit(MEASURE, job.model_dump(mode="json")), History.model_validate)

    def starts_trained(self, choice: Choice) -> bool:
        """Whether a candidate begins with trained weights."""
        return self._start_from is not None

    def check(self) -> None:
        """Find what would stop the search before anything is written or trained.

        Raises:
            CorpusError: the text is too short.
            ConfigurationError: a variant is impossible with the network or the optimiser.
        """
        config = self._config
        if config.reference is not None:
            check_reference(self._reference_job(config.reference))
        for choice in (None, next(config.space.example_choices(config.density))):
            check(self._job("check", self._folder.dense, choice, config.recipe.epochs))

    def _reached(self, number: int, training: list[_Begun]) -> Reached:
        """Wait for a candidate, and for the dense references where it is measured against them."""
        histories = tuple(_history(begun) for begun in training)
        for reference in self._references:
            reference.check()
        if any(history.failure is not None for history in histories):
            return Reached(histories, None)
        parts = tuple(self._measure(number, seed, history) for seed, history in enumerate(histories))
        finite = all(math.isfinite(value) for own in parts for value in own)
        return Reached(histories, parts if finite else None)

    def _measure(self, number: int, seed: int, history: History) -> Parts:
        """What the metric sees of one training; at the full budget further seeds have no dense reference,
        and what ranked them last counts on.
        """
        epoch = len(history.epochs)
        if seed < len(self._references):
            epoch = min(epoch, self._references[seed].until)
            self._references[seed].at(epoch)
        loss = history.until(epoch).valid_loss
        folder, dense = self._folder.candidate(number, seed), self._dense_folder(seed)
        return self.metric.measure(Measured(epoch, loss, folder, dense, self._config.search.distance))

    def _train(self, one: Wanted, seed: int) -> _Begun:
        label = f"candidate {one.number}" + (f", seed {seed}" if seed else "")
        job = self._job(label, self._folder.candidate(one.number, seed), one.choice, one.until, seed)
        return _Begun(job, self._start(job))

    def _train_dense(self, seed: int, until: int) -> Future[History]:
        label = "dense" + (f", seed {seed}" if seed else "")
        return self._start(self._job(label, self._folder.dense_of(seed), None, until, seed))

    def _dense_folder(self, seed: int) -> JobFolder:
        """The dense reference of a seed; a given one is that of all."""
        return self._folder.dense_of(seed if self._config.reference is None else 0)

    def _given(self) -> Future[History]:
        """Measure the reference that was given."""
        assert self._config.reference is not None, "asked for a trained reference"
        job = self._reference_job(self._config.reference)
        return then(self._executor.submit(MEASURE, job.model_dump(mode="json")), History.model_validate)

    def _reference_job(self, reference: ReferenceConfig) -> ReferenceJob:
        config = self._config
        return ReferenceJob(
            folder=self._folder.dense.path,
            task=config.described,
            recipe=config.recipe,
            spectrum=config.spectrum,
            weights=reference.weights,
            seed=config.seed,
            threads=config.runtime.threads,
            device=config.runtime.device,
        )

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

    def _job(
        self, label: str, folder: JobFolder, choice: Choice | None, until: int, seed: int = 0
    ) -> TrainingJob:
        config = self._config
        return TrainingJob(
            label=label,
            folder=folder.path,
            task=config.described if choice is None else choice.task(config.described),
            recipe=config.recipe if choice is None else choice.recipe(config.recipe),
            spectrum=config.spectrum,
            variant=None if choice is None else choice.variant,
            start=None if choice is None else self._start_from,
            seed=root_seed(config.seed, seed),
            until=until,
            initial=config.search.first_epochs == 0,
            threads=config.runtime.threads,
            device=config.runtime.device,
        )


def _history(begun: _Begun) -> History:
    """Wait for a candidate; one that no worker can train has failed, and the search goes on."""
    try:
        return begun.future.result()
    except Exception as error:
        if not (out_of_memory(error) or isinstance(error, WorkerDiedError)):
            raise
        folder = JobFolder(begun.job.folder)
        known = folder.history()
        failure = Failure(epoch=len(known.epochs) + 1, reason=_reason(error))
        folder.save_failure(failure, begun.job.identity)
        return known.model_copy(update={"failure": failure})


def _reason(error: Exception) -> str:
    """Why a candidate could not be trained, in one line."""
    if isinstance(error, WorkerDiedError):
        return str(error)
    return f"the memory did not suffice, twice: {' '.join(str(error).split())[:200]}"
