"""Networks of a search brought to an epoch, and measured; the only part that starts jobs."""

import math
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, replace
from functools import partial
from itertools import takewhile

from hyperprune.errors import out_of_memory
from hyperprune.executors import Executor, completed, retried, then
from hyperprune.search.config.families import Family
from hyperprune.search.config.search_config import SearchConfig
from hyperprune.search.metrics.early import Measured, Metric, Parts, spectrum_distance
from hyperprune.search.metrics.own import metric_of
from hyperprune.search.results.folder import RunFolder
from hyperprune.search.rounds.begun import Begun, history_of
from hyperprune.search.rounds.events import Listener
from hyperprune.search.rounds.filled_spaces import families_of
from hyperprune.search.rounds.given_reference import GivenReference
from hyperprune.search.rounds.job_descriptions import Jobs, Wanted
from hyperprune.search.rounds.origin import Origin, trained_origin
from hyperprune.search.rounds.reference import Reference
from hyperprune.search.rounds.side_by_side import Stop
from hyperprune.search.space.choice import Choice
from hyperprune.sparsity import CRITERION
from hyperprune.tasks import Part
from hyperprune.training import History, JobFolder, TrainingJob
from hyperprune.training.entry_points import EVALUATE, MEASURE, START, TRAIN
from hyperprune.training.itemised import Itemised
from hyperprune.training.job import check_job, finished, tell_known
from hyperprune.training.measure_given import ReferenceJob
from hyperprune.training.measure_given import check_reference as check_reference


@dataclass(frozen=True)
class Reached:
    """How a candidate did.

    Attributes:
        histories: one a seed.
        parts: what the metric measured, one entry a seed; None if one of them failed or is not finite.
    """

    histories: tuple[History, ...]
    parts: tuple[Parts, ...] | None


class Trainer:
    """Starts the jobs of one search.

    Args:
        config: the search.
        folder: where its networks are kept.
        executor: where its jobs run.
        listener: hears what an earlier process has trained already.
        stop: says that nothing is to be started or told any more.
    """

    def __init__(
        self,
        config: SearchConfig,
        folder: RunFolder,
        executor: Executor,
        listener: Listener = lambda _: None,
        stop: Stop | None = None,
    ) -> None:
        self._config, self._folder, self._executor, self._listener = config, folder, executor, listener
        self._jobs = Jobs(config, folder)
        self._stop = stop or Stop()
        self.families = families_of(config)
        self._metrics = {family.name: metric_of(family.pool.metric) for family in self.families}
        self._references: list[Reference | GivenReference] = []

    def metric(self, family: Family) -> Metric:
        """What ranks the candidates of a family."""
        return self._metrics[family.name]

    def dense(self) -> Reference | GivenReference:
        """The dense reference, which begins to train to the full budget; with it those of further seeds,
        which train as far as something is measured against them or starts from them, and not at all if no
        family uses them.
        """
        if self._config.reference is not None:
            given = GivenReference(self._given())
            self._references += [given] * self._config.search.seeds
            return given
        full, measured = self._config.recipe.epochs, self._config.measured_at
        awaited = any(family.awaits_dense for family in self.families)
        for seed in range(self._config.search.seeds if self._config.uses_dense else 1):
            stages = measured | {full} if seed == 0 or awaited else measured - {full} or {full}
            self._references.append(Reference(partial(self._train_dense, seed), stages))
        return self._references[0]

    def train(self, family: Family, wanted: Iterable[Wanted]) -> Iterator[Reached]:
        """Train candidates of a family side by side; give what became of each, in the order they are wanted.

        Raises:
            DivergedError: the dense reference diverged meanwhile.
        """
        ahead = self._executor.workers if self._executor.workers == 1 else sys.maxsize
        waiting: deque[tuple[int, list[Begun]]] = deque()
        for one in wanted:
            seeds = range(self._config.search.seeds)
            waiting.append((one.number, [self._train(family, one, seed) for seed in seeds]))
            if len(waiting) == ahead:
                yield self._reached(family, *waiting.popleft())
        while waiting:
            yield self._reached(family, *waiting.popleft())

    def distances(self, number: int, history: History, seed: int = 0) -> list[float]:
        """Distance to the dense spectrum of the same epoch, for every epoch of a candidate.

        Of one that starts from the dense network it is the distance to the spectrum of that very network.

        Dense references of further seeds end early, and the distances with them.
        """
        family = self.family_of(number)
        folder, dense = self._folder.candidate(number, seed), self._compared_with(family, seed)
        kind, known = family.pool.distance, history.epochs
        if seed > 0 and self._config.reference is None:
            known = tuple(takewhile(lambda record: dense.spectrum_path(record.epoch).exists(), known))
        return [spectrum_distance(folder, dense, record.epoch, kind) for record in known]

    def initial_distance(self, number: int, history: History) -> float | None:
        """Distance to the dense spectrum before the first step, where it was measured."""
        if history.initial is None or history.initial.spectrum is None:
            return None
        family = self.family_of(number)
        folder, dense = self._folder.candidate(number), self._compared_with(family, 0)
        return spectrum_distance(folder, dense, 0, family.pool.distance)

    def family_of(self, number: int) -> Family:
        """The family of a candidate."""
        return next(family for family in reversed(self.families) if family.first <= number)

    def tested(self, networks: Iterable[tuple[JobFolder, int]], part: Part = "test") -> list[Itemised]:
        """Kept checkpoints, by folder and epoch, on the test part or another."""
        jobs = [self._jobs.on_part(folder, epoch, part) for folder, epoch in networks]
        running = [self._executor.submit(EVALUATE, job.model_dump(mode="json")) for job in jobs]
        return [Itemised.model_validate(future.result()) for future in running]

    def start_losses(self, networks: Iterable[tuple[int, Choice, int] | None]) -> list[float]:
        """Validation loss before the first step of candidates by number, choice and seed; None for the dense
        reference.
        """
        jobs = [self._jobs.dense("dense", 0, 0) if one is None else self._begins(*one) for one in networks]
        running = [self._executor.submit(START, job.model_dump(mode="json")) for job in jobs]
        return [float(future.result()) for future in running]

    def described(self, label: str, folder: JobFolder, choice: Choice | None, until: int) -> TrainingJob:
        """The job of a network beside the candidates, trained as theirs; None for the dense one."""
        if choice is None:
            job = self._jobs.dense(label, 0, until)
        else:
            family = self.families[0]
            if not family.keeps_largest:  # a published schedule begins with fresh weights
                family = replace(family, recipe=self._config.recipe, from_dense=False)
            one = Wanted(family.first, choice, until)
            job = self._jobs.candidate(label, family, one, 0, self._origin(0) if family.from_dense else None)
        return job.model_copy(update={"folder": folder.path})

    def trained_on(self, label: str, folder: JobFolder, candidate: int, choice: Choice) -> TrainingJob:
        """The job that trains the dense network on exactly as a candidate was: epochs, rates and teacher."""
        family = self.family_of(candidate)
        origin = self._origin(0)
        job = self._jobs.candidate(label, family, Wanted(candidate, choice, family.recipe.epochs), 0, origin)
        changed = {"folder": folder.path, "variant": None, "start": origin.weights}
        return job.model_copy(update=changed)

    def begin(self, job: TrainingJob | ReferenceJob) -> Future[History]:
        """Begin the job of such a network."""
        if isinstance(job, TrainingJob):
            return self._start(job)
        return then(self._executor.submit(MEASURE, job.model_dump(mode="json")), History.model_validate)

    def starts_trained(self, number: int) -> bool:
        """Whether a candidate begins with trained weights."""
        return self.family_of(number).from_dense

    def check(self) -> None:
        """Find what would stop the search before anything is written or trained.

        Raises:
            CorpusError: the text is too short.
            ConfigurationError: a variant is impossible with the network or the optimiser.
        """
        config = self._config
        origin = None
        if config.reference is not None:
            check_reference(self._jobs.reference(config.reference))
            origin = Origin(config.reference.weights, self._folder.dense)
        check_job(self._jobs.dense("check", 0, config.recipe.epochs))
        for family in self.families:
            for choice in _one_of_each_pattern(family.space.example_choices(config.density)):
                if CRITERION[choice.variant.criterion].needs_scores:  # they take a pass over the data
                    choice = replace(choice, variant=replace(choice.variant, criterion="magnitude"))
                one = Wanted(family.first, replace(choice, distillation=None), family.recipe.epochs)
                check_job(self._jobs.candidate("check", family, one, 0, origin))

    def _reached(self, family: Family, number: int, training: list[Begun]) -> Reached:
        """Wait for a candidate, and for the dense references where it is measured against them."""
        histories = tuple(history_of(begun, self._stop) for begun in training)
        self._stop.check()
        for reference in self._references:
            reference.check()
        if any(history.failure is not None for history in histories):
            return Reached(histories, None)
        parts = tuple(self._measure(family, number, seed, history) for seed, history in enumerate(histories))
        finite = all(math.isfinite(value) for own in parts for value in own)
        return Reached(histories, parts if finite else None)

    def _measure(self, family: Family, number: int, seed: int, history: History) -> Parts:
        """What the metric sees of one training; at the full budget further seeds have no dense reference,
        and what ranked them last counts on.
        """
        epoch = len(history.epochs)
        if seed < len(self._references) and not self._has_fixed_spectrum(family):
            epoch = min(epoch, self._references[seed].until)
            self._references[seed].at(epoch)
        then = history.until(epoch)
        folder, dense = self._folder.candidate(number, seed), self._compared_with(family, seed)
        measured = Measured(epoch, then.valid_loss, folder, dense, family.pool.distance, then.covariance)
        return self.metric(family).measure(measured)

    def _train(self, family: Family, one: Wanted, seed: int) -> Begun:
        job = self._whole_job(family, one, seed)
        return Begun(job, self._start(job))

    def _begins(self, number: int, choice: Choice, seed: int) -> TrainingJob:
        return self._whole_job(self.family_of(number), Wanted(number, choice, 0), seed)

    def _whole_job(self, family: Family, one: Wanted, seed: int) -> TrainingJob:
        """The job of a candidate; waits for the dense network where it starts or learns from that."""
        label = f"candidate {one.number}" + (f", seed {seed}" if seed else "")
        needs_origin = family.from_dense or one.choice.distillation
        return self._jobs.candidate(label, family, one, seed, self._origin(seed) if needs_origin else None)

    def _train_dense(self, seed: int, until: int) -> Future[History]:
        label = "dense" + (f", seed {seed}" if seed else "")
        return self._start(self._jobs.dense(label, seed, until))

    def _origin(self, seed: int) -> Origin:
        """The dense network that candidates start and learn from; waits until it is trained.

        Raises:
            DivergedError: it never will be.
        """
        history = self._references[seed].trained()
        if self._config.reference is not None:
            return Origin(self._config.reference.weights, self._folder.dense)
        return trained_origin(self._folder.dense_of(seed), history)

    def _compared_with(self, family: Family, seed: int) -> JobFolder:
        """Where the spectra lie that candidates of a family are measured against."""
        if self._has_fixed_spectrum(family):
            return self._origin(seed).folder
        return self._dense_folder(seed)

    def _has_fixed_spectrum(self, family: Family) -> bool:
        return family.from_dense and self._config.reference is None

    def _dense_folder(self, seed: int) -> JobFolder:
        """The dense reference of a seed; a given one is that of all."""
        return self._folder.dense_of(seed if self._config.reference is None else 0)

    def _given(self) -> Future[History]:
        """Measure the reference that was given."""
        assert self._config.reference is not None, "asked for a trained reference"
        job = self._jobs.reference(self._config.reference)
        return then(self._executor.submit(MEASURE, job.model_dump(mode="json")), History.model_validate)

    def _start(self, job: TrainingJob) -> Future[History]:
        """Begin a job; what an earlier process has finished is only read."""
        self._stop.check()
        known = finished(job)
        if known is not None:
            tell_known(job, known, self._listener)
            return completed(known)
        payload = job.model_dump(mode="json")
        # for want of memory a job may fail because of what ran beside it
        running = retried(lambda: self._executor.submit(TRAIN, payload), out_of_memory)
        return then(running, History.model_validate)


def _one_of_each_pattern(choices: Iterable[Choice]) -> list[Choice]:
    """The first choice with each pattern: whether it fits depends on the network."""
    found: dict[object, Choice] = {}
    for choice in choices:
        variant = choice.variant
        found.setdefault((variant.pattern, variant.keep_diagonal, variant.gate_densities), choice)
    return list(found.values())
