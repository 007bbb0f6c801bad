"""A network that is there already, dense or pruned in one shot, measured in place of one that is trained."""

from pathlib import Path

import torch
from pydantic import BaseModel, ConfigDict, Field

from hyperprune import files
from hyperprune.accelerators import repeatable
from hyperprune.seeding import seed_globally
from hyperprune.sparsity import PruningVariant
from hyperprune.sparsity.parameters.uses import uses
from hyperprune.tasks import AnyTask, SpectrumConfig
from hyperprune.tasks.recipe import Recipe
from hyperprune.training.measuring.measurement import evaluate, measure
from hyperprune.training.state import TrainingState, seed_for_training
from hyperprune.training.stored import checkpoint
from hyperprune.training.stored.history import History, InitialRecord
from hyperprune.training.stored.job_folder import JobFolder
from hyperprune.training.stored.weights_file import GivenWeights, say_origin


class ReferenceJob(BaseModel):
    """Which network to measure, and where to keep it: a training job of no epochs."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    folder: Path
    task: AnyTask
    recipe: Recipe
    spectrum: SpectrumConfig
    weights: GivenWeights
    variant: PruningVariant | None = Field(None, description="How to prune it first; None for not at all.")
    seed: int = Field(0, ge=0, description="The root seed.")
    threads: int = Field(1, ge=1, description="Threads of torch.")
    device: str = Field("cpu", description="Device, such as cpu or cuda:0.")

    @property
    def identity(self) -> str:
        """Hash of everything that decides what is measured."""
        pruned = {} if self.variant is None else {"variant": self.variant.key(), "seed": self.seed}
        return files.digest({**self.task.identity, "reference": self.weights.sha256, **pruned})


def measure_reference(job: ReferenceJob) -> History:
    """Measure the loss and the spectrum of the network, and keep its weights as the checkpoint of epoch 0.

    Its folder is :attr:`JobFolder.given`: the one spectrum stands for every epoch.

    Raises:
        CheckpointError: the weights cannot be read, or are of another network.
        DivergedError: its loss or its spectrum is not finite.
    """
    files.make_folder(job.folder)
    folder = JobFolder(job.folder)
    held = files.locked(job.folder, "or end the search that it belongs to")
    with held, repeatable(torch.device(job.device)):
        stored = folder.stored(job.identity)
        if stored.document is not None and stored.history.initial is not None:
            return stored.history
        torch.set_num_threads(job.threads)
        task = job.task.open(job.recipe, job.seed, job.device)
        seed_globally(seed_for_training(job.seed))
        state = TrainingState.fresh(task, job.recipe, job.variant, job.seed, start=job.weights)
        loss = evaluate(state, task, "valid", 0)
        sha256 = folder.save_spectrum(0, measure(state, task, job.spectrum))
        record = InitialRecord(valid_loss=loss, spectrum=sha256)
        if job.variant is not None:
            record = record.model_copy(update={"live": state.live(), "density": state.density()})
        folder.save_initial(record, job.identity)
        tensors, captured = state.capture()
        document = {**task.document, "job": job.identity, "uses": uses(state.network)}
        document |= {"state": captured, "history": []}
        checkpoint.save(folder.path, checkpoint.Checkpoint(0, tensors, document))
    return folder.history()


def check_reference(job: ReferenceJob) -> None:
    """Find what would stop the measurement before anything is written.

    Raises:
        CheckpointError: the weights cannot be read, or are of another network.
    """
    task = job.task.open(job.recipe, job.seed)  # on the CPU: a driver opens no card
    state = TrainingState.fresh(task, job.recipe, job.variant, job.seed, start=job.weights)
    say_origin(job.weights, state.origin)
