"""A training job: a plain description, and the function that brings it to its budget.

A job is idempotent. What its folder holds is taken up, so running it again after a kill resumes from
the last whole checkpoint, and running it once more only reads the history. It holds its folder while it
runs, with a lock that the kernel takes from a dead process.
"""

import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import torch
from pydantic import BaseModel, ConfigDict, Field

from hyperprune import files
from hyperprune.accelerators import repeatable
from hyperprune.errors import DivergedError, RunFolderError
from hyperprune.models.layers.graphed import replaying
from hyperprune.seeding import seed_globally
from hyperprune.sparsity import PruningVariant
from hyperprune.sparsity.parameters.uses import uses
from hyperprune.tasks import AnyTask, SpectrumConfig
from hyperprune.tasks.distillation import Teacher
from hyperprune.tasks.opened import OpenedTask
from hyperprune.tasks.precision import check_card, check_precision
from hyperprune.tasks.recipe import Recipe
from hyperprune.training.epoch import train_epoch
from hyperprune.training.measuring.hidden_covariance import covariance_if
from hyperprune.training.measuring.live_weights import live_weights
from hyperprune.training.measuring.measurement import evaluate, measure
from hyperprune.training.progress import Listener, Progress, silent
from hyperprune.training.scores import scores_of
from hyperprune.training.state import TrainingState, seed_for_training
from hyperprune.training.stored import checkpoint
from hyperprune.training.stored.history import EpochRecord, Failure, History, InitialRecord
from hyperprune.training.stored.job_folder import JobFolder
from hyperprune.training.stored.nested_state import mask_hash
from hyperprune.training.stored.weights_file import GivenWeights
from hyperprune.training.teaching import TeacherConfig, teacher_of

# seconds; the worker of a driver that was killed lets go of its network as soon as it notices
_LEASE_WAIT = 60.0


class TrainingJob(BaseModel):
    """What to train, how far, and where to keep it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    label: str = Field(description="What progress calls it, such as dense or candidate 7.")
    folder: Path = Field(description="Where checkpoints, spectra and history are kept.")
    task: AnyTask = Field(description="Language modelling on a text, or a task of the user's own.")
    recipe: Recipe
    spectrum: SpectrumConfig | None = Field(None, description="None for no spectra.")
    variant: PruningVariant | None = Field(None, description="None for the dense network.")
    start: GivenWeights | None = Field(None, description="Weights to start from; None for fresh ones.")
    keep_largest: bool = Field(
        True, description="With start, whether a variant without a criterion of its own keeps the largest."
    )
    scores: Path | None = Field(None, description="Folder that keeps scores of start for several jobs.")
    teacher: TeacherConfig | None = Field(None, description="A network to imitate beside the data.")
    seed: int = Field(0, ge=0, description="The root seed.")
    until: int = Field(ge=0, description="Epochs, those already trained included.")
    initial: bool = Field(False, description="Measure before the first step too.")
    covariance: bool = Field(
        False, description="Beside each spectrum, score the covariance of hidden states."
    )
    threads: int = Field(1, ge=1, description="Threads of torch.")
    device: str = Field("cpu", description="Device, such as cpu or cuda:0.")
    cuda_graphs: bool = Field(False, description="Whether loops over time run as CUDA graphs where they can.")

    @property
    def before_training(self) -> "TrainingJob":
        """The job whose fresh network is what this one is measured as before its first step.

        Trained weights whose density falls only while they train on are measured pruned at once: as they
        are, they would say nothing of what becomes of them.
        """
        if self.start is None or self.variant is None or not self.variant.scheduled:
            return self
        return self.model_copy(update={"variant": self.variant.at_once})

    @property
    def identity(self) -> str:
        """Hash of everything that decides what the network is after an epoch; how far it goes does not."""
        recipe = self.recipe.model_dump(mode="json", exclude={"epochs"})
        recipe["decay_epochs"] = self.recipe.decay_epochs or self.recipe.epochs
        document = {
            **self.task.identity,
            "recipe": recipe,
            "variant": None if self.variant is None else self.variant.key(),
            "seed": self.seed,
        }
        if self.start is not None:
            document["start"] = self.start.sha256
            if not self.keep_largest:
                document["keep_largest"] = False
        if self.teacher is not None and self.teacher.weight > 0:
            document["teacher"] = self.teacher.identity
        return files.digest(document)


def run_job(job: TrainingJob, listener: Listener = silent) -> History:
    """Train until ``job.until`` epochs and give the history up to there.

    A network that diverges ends its history early, with the failure.

    Raises:
        CorpusError: the text cannot be read or is too short.
        ConfigurationError: the variant is impossible with this network or optimiser.
        CheckpointError: the folder holds checkpoints of another network.
        RunFolderError: another process trains this network.
    """
    files.make_folder(job.folder)
    held = files.locked(job.folder, "or end the search that it belongs to", wait=_LEASE_WAIT)
    device = torch.device(job.device)
    with held, repeatable(device), replaying(job.cuda_graphs, device):
        history = _run(job, listener)
    return history.until(job.until)


def _run(job: TrainingJob, listener: Listener) -> History:
    """Train from what the folder holds; the history may go further than the job."""
    folder = JobFolder(job.folder)
    stored = folder.stored(job.identity)
    folder.tidy(stored)
    known = stored.history.until(job.until)
    tell_known(job, known, listener)
    if _is_finished(job, known):
        return stored.history
    torch.set_num_threads(job.threads)
    task = task_of(job)
    if job.initial and known.initial is None:
        failure = _measure_initial(job, task, folder)
        if failure is not None or job.until == 0:
            return folder.history()
        stored = replace(stored, history=stored.history.model_copy(update={"initial": folder.initial()}))
    teacher = teacher_of(job.teacher, task)
    state = fresh_state(job, task)
    history = folder.restore(state, stored)
    while len(history.epochs) < job.until:
        began = time.monotonic()
        try:
            record = _train_one(job, task, state, teacher, folder, len(history.epochs) + 1, listener)
        except DivergedError as error:
            failure = Failure(epoch=len(history.epochs) + 1, reason=str(error))
            folder.save_failure(failure, job.identity)
            return history.model_copy(update={"failure": failure})
        history = history.model_copy(update={"epochs": (*history.epochs, record)})
        sizes = {"sizes": live_weights(state.network, {}), "uses": uses(state.network)}
        folder.save(state, history, {**task.document, "job": job.identity, **sizes})
        folder.note_seconds(record.epoch, time.monotonic() - began)
    resumed = len(stored.history.epochs)
    if (
        history.epochs
        and history.best.epoch <= resumed
        and not checkpoint.is_whole(job.folder, history.best.epoch)
    ):
        return _run(job, listener)  # it resumed behind a damaged one, and that counts: from the start
    return history


def finished(job: TrainingJob) -> History | None:
    """The history of a job of which nothing is left to do; nothing is started, and what a kill left deleted.

    Raises:
        CheckpointError: the folder holds checkpoints of another network.
    """
    folder = JobFolder(job.folder)
    stored = folder.stored(job.identity)
    known = stored.history.until(job.until)
    if not _is_finished(job, known):
        return None
    with suppress(RunFolderError), files.locked(job.folder):  # else the worker of a dead driver tidies up
        folder.tidy(stored)
    return known


def _is_finished(job: TrainingJob, known: History) -> bool:
    if known.failure is not None:
        return True
    return len(known.epochs) == job.until and (known.initial is not None or not job.initial)


def check_job(job: TrainingJob) -> str:
    """Find what would stop a job before anything is written: text too short, variant impossible.

    Returns:
        How the weights that it starts from were found in their file; empty where there is nothing to say.

    Raises:
        CorpusError: the text cannot be read or is too short.
        ConfigurationError: the variant is impossible with this network or optimiser.
    """
    check_precision(job.recipe.precision, torch.device(job.device))
    task = job.task.open(job.recipe, job.seed)  # on the CPU: a driver opens no card
    state = fresh_state(job.model_copy(update={"device": "cpu"}), task)
    if job.spectrum is not None:
        sampling = job.spectrum
        driven = task.driven(state.network, sampling.batch, sampling.warmup + sampling.steps)
        driven.check(**sampling.model_dump(exclude={"batch"}))
        covariance_if(job.covariance, state, task, sampling)
    return state.origin


def tell_known(job: TrainingJob, known: History, listener: Listener) -> None:
    """Let the listener know what an earlier process has trained already."""
    if known.epochs:
        last = known.last
        listener(Progress(job.label, last.epoch, job.until, 0, 0, 0.0, last.train_loss, last.valid_loss))


def task_of(job: TrainingJob) -> OpenedTask:
    """The task that a job describes.

    Raises:
        ConfigurationError: the device does not have the recipe's precision.
    """
    device = torch.device(job.device)
    check_precision(job.recipe.precision, device)
    check_card(job.recipe.precision, device)
    return job.task.open(job.recipe, job.seed, job.device)


def _measure_initial(job: TrainingJob, task: OpenedTask, folder: JobFolder) -> Failure | None:
    """Record loss and spectrum of a network before its first step; gives the failure if it has none."""
    began, state = time.monotonic(), fresh_state(job.before_training, task)
    try:
        valid_loss, spectrum = evaluate(state, task, "valid", 0), None
        if job.spectrum is not None:
            spectrum = folder.save_spectrum(0, measure(state, task, job.spectrum))
        covariance = covariance_if(job.covariance, state, task, job.spectrum)
    except DivergedError as error:
        failure = Failure(epoch=0, reason=str(error))
        folder.save_failure(failure, job.identity)
        return failure
    masks = None if job.start is None or state.sparse is None else mask_hash(state.sparse.masks)
    initial = InitialRecord(valid_loss=valid_loss, spectrum=spectrum, covariance=covariance, masks=masks)
    folder.save_initial(initial, job.identity)
    folder.note_seconds(0, time.monotonic() - began)
    return None


def fresh_state(job: TrainingJob, task: OpenedTask) -> TrainingState:
    """The network before its first step; torch's global generator then stands where it does in every job of
    this seed.
    """
    scores = scores_of(job.variant, job.start, job.task, job.recipe, job.seed, job.device, job.scores)
    seed_globally(seed_for_training(job.seed))
    return TrainingState.fresh(
        task,
        job.recipe,
        job.variant,
        job.seed,
        job.start,
        keep_largest=job.keep_largest,
        scores=scores,
    )


def _train_one(
    job: TrainingJob,
    task: OpenedTask,
    state: TrainingState,
    teacher: Teacher | None,
    folder: JobFolder,
    epoch: int,
    listener: Listener,
) -> EpochRecord:
    """Train an epoch, then evaluate, then take the spectrum."""
    progress = Progress(job.label, epoch, job.until, 0, task.steps_per_epoch, 0.0, float("nan"))
    train_loss = train_epoch(
        task, state.network, state.optimizer, state.sparse, job.recipe, progress, listener, teacher
    )
    averaging = state.averaging
    valid_loss = evaluate(state, task, "valid", epoch)
    state.observe(valid_loss)
    spectrum = None
    if job.spectrum is not None:
        spectrum = folder.save_spectrum(epoch, measure(state, task, job.spectrum))
    listener(replace(progress, step=progress.steps, train_loss=train_loss, valid_loss=valid_loss))
    return EpochRecord(
        epoch=epoch,
        train_loss=train_loss,
        valid_loss=valid_loss,
        live=state.live(),
        density=state.density(),
        blocks=None if state.sparse is None else state.sparse.blocks(),
        averaging=averaging,
        spectrum=spectrum,
        covariance=covariance_if(job.covariance, state, task, job.spectrum),
        live_weights=live_weights(state.network, state.sparse.masks if state.sparse else {}),
    )
