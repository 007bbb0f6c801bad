"""The yardsticks of a search: what a user could have had without it, trained once its candidates are.

None of them is ever selected. Each is a job of its own in ``controls/<name>/`` of the run folder, resumed
like any other, and charged apart from the search. By default those are made that cost little beside the
search; the others are asked for with ``search.controls``.
"""

import shutil
from concurrent.futures import Future
from dataclasses import dataclass

from hyperprune.errors import CheckpointError, DivergedError, WorkerDiedError, out_of_memory
from hyperprune.search.config.search_config import SearchConfig
from hyperprune.search.results.control_result import ControlName
from hyperprune.search.results.folder import RunFolder
from hyperprune.search.rounds.candidate import Candidate
from hyperprune.search.rounds.events import Listener, RoundBegan
from hyperprune.search.rounds.jobs import Trainer
from hyperprune.search.rounds.small_dense import as_large_as
from hyperprune.search.space.choice import Choice
from hyperprune.sparsity import METHODS, PruningVariant
from hyperprune.training import History, JobFolder, TrainingJob
from hyperprune.training.measure_given import ReferenceJob
from hyperprune.training.stored import checkpoint
from hyperprune.training.stored.history import Failure
from hyperprune.training.stored.weights_file import GivenWeights

CHEAP = 0.1  # of the planned epochs, counted in dense networks
CONTROL = "control"  # labels of their jobs begin so

_Job = TrainingJob | ReferenceJob


@dataclass(frozen=True)
class Control:
    """A yardstick and what became of it.

    Attributes:
        name: which.
        folder: its job's.
        history: what it measured.
    """

    name: ControlName
    folder: JobFolder
    history: History


class Controls:
    """Trains the yardsticks of one search.

    Args:
        config: the search.
        folder: its folder.
        trainer: starts their jobs.
        listener: hears that they begin.
    """

    def __init__(self, config: SearchConfig, folder: RunFolder, trainer: Trainer, listener: Listener) -> None:
        self._config, self._folder, self._trainer, self._listener = config, folder, trainer, listener

    def train(self, dense: History, selected: Candidate) -> list[Control]:
        """All that are wanted, side by side; one that fails is kept with its reason.

        Args:
            dense: the dense reference, trained to the full budget.
            selected: the candidate that they are compared with.
        """
        jobs = self._jobs(dense, selected)
        for job in jobs.values():
            _make_room(job)
        self._listener(RoundBegan("controls", len(jobs), max(_until(job) for job in jobs.values())))
        running = {name: self._trainer.begin(job) for name, job in jobs.items()}
        return [
            Control(name, JobFolder(jobs[name].folder), _ended(future)) for name, future in running.items()
        ]

    def small_dense(self, live: int) -> Control | None:
        """A dense network with so many weights, trained to the full budget; none where there is none."""
        job = self._small_dense(live)
        if job is None:
            return None
        _make_room(job)
        return Control("small-dense", JobFolder(job.folder), _ended(self._trainer.begin(job)))

    def _jobs(self, dense: History, selected: Candidate) -> dict[ControlName, _Job]:
        """In the order of the table."""
        config, full = self._config, self._config.recipe.epochs
        choice, live = selected.choice, selected.history.best.live
        weights = self._dense_weights(dense)
        variant = PruningVariant(
            density=choice.variant.density,
            death_rate=0,
            update_interval=None,
            criterion="magnitude",
            exclude=config.space.exclude,
        )
        jobs: dict[ControlName, _Job] = {"one-shot": self._pruned("one-shot", weights, variant)}
        share = live / _weights_of(dense, live)
        if config.search.controls or full * share <= CHEAP * config.planned.with_dense:
            small = self._small_dense(live)
            if small is not None:
                jobs["small-dense"] = small
        if config.search.controls:
            jobs["gradual"] = self._job("gradual", self._method("gradual_magnitude", choice), full)
            jobs["one-shot-trained"] = self._job(
                "one-shot-trained", self._method("one_shot_magnitude", choice), full
            )
            name: ControlName = "dense-trained-on"
            jobs[name] = self._trainer.trained_on(
                f"{CONTROL} {name}", self._folder.control(name), selected.number, choice
            )
        return jobs

    def _small_dense(self, live: int) -> TrainingJob | None:
        """The job of a dense network with so many weights; none where the task offers none."""
        config = self._config
        small = as_large_as(config.described, config.recipe, live)
        job = self._job("small-dense", None, config.recipe.epochs)
        return None if small is None else job.model_copy(update={"task": small})

    def _dense_weights(self, dense: History) -> GivenWeights:
        """The dense network at its best epoch, or the one that was given."""
        if self._config.reference is not None:
            return self._config.reference.weights
        path = checkpoint.path(self._folder.dense.path, dense.best.epoch)
        return GivenWeights(checkpoint=str(path), sha256=checkpoint.read_document(path)["sha256"])

    def _method(self, name: str, choice: Choice) -> Choice:
        """A published schedule at the density of a candidate, with updates often enough to reach its end."""
        config = self._config
        steps = config.described.open(config.recipe, config.seed).steps_per_epoch * config.recipe.epochs
        interval = METHODS[name].variant.update_interval
        if isinstance(interval, int):
            interval = max(1, min(interval, steps // 40))
        density = choice.variant.density
        return Choice(
            METHODS[name].at(density, update_interval=interval, exclude=config.space.exclude), method=name
        )

    def _job(self, name: ControlName, choice: Choice | None, until: int) -> TrainingJob:
        return self._trainer.described(f"{CONTROL} {name}", self._folder.control(name), choice, until)

    def _pruned(self, name: ControlName, weights: GivenWeights, variant: PruningVariant) -> ReferenceJob:
        config = self._config
        return ReferenceJob(
            folder=self._folder.control(name).path,
            task=config.described,
            recipe=config.recipe,
            spectrum=config.spectrum,
            weights=weights,
            variant=variant,
            seed=config.seed,
            threads=config.runtime.threads,
            device=config.runtime.device,
        )


def _make_room(job: _Job) -> None:
    """A yardstick of an earlier stage of the search, before an extension, makes way for the new one."""
    try:
        JobFolder(job.folder).stored(job.identity)
    except CheckpointError:
        shutil.rmtree(job.folder)


def _until(job: _Job) -> int:
    return job.until if isinstance(job, TrainingJob) else 0


def _weights_of(dense: History, live: int) -> int:
    """Weights of the dense network; for one that was given the most that they may count for."""
    return dense.last.live if dense.epochs else live


def _ended(job: Future[History]) -> History:
    """Wait for a yardstick; one that cannot be trained does not end the search."""
    try:
        return job.result()
    except Exception as error:
        if not (out_of_memory(error) or isinstance(error, WorkerDiedError | DivergedError)):
            raise
        return History(failure=Failure(epoch=0, reason=" ".join(str(error).split())[:200]))
