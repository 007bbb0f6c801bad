"""One network trained on its own: dense, or under one variant; resumable like a search."""

import dataclasses
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from hyperprune import files, versions
from hyperprune.accelerators import check_device
from hyperprune.collector import imports_unwalked
from hyperprune.errors import DivergedError
from hyperprune.sparsity import METHODS, PruningVariant, density_from_sparsity
from hyperprune.tasks import Tasked
from hyperprune.tasks.score import Score
from hyperprune.training.against_reference import ReferenceScores, against_reference
from hyperprune.training.evaluation import EvaluationJob, evaluate_checkpoint
from hyperprune.training.job import TrainingJob, check_job, run_job
from hyperprune.training.progress import Listener, silent
from hyperprune.training.runtime import RuntimeConfig
from hyperprune.training.stored import checkpoint
from hyperprune.training.stored.history import History
from hyperprune.training.stored.job_folder import JobFolder
from hyperprune.training.stored.reference_hash import with_hashed_reference
from hyperprune.training.stored.run_folder import CONFIG, held, read_config
from hyperprune.training.stored.traces import traced
from hyperprune.training.stored.weights_file import GivenWeights, say_origin
from hyperprune.training.trained import Naive, Trained

NETWORK = "network"


class VariantConfig(BaseModel):
    """Pruning choices of one network; what is left out is the method's, or the default."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    method: str | None = Field(None, description="A published method, such as set, rigl or selfish_rnn.")
    sparse_init: str | None = Field(None, description="First masks, such as uniform or er.")
    death: str | None = Field(None, description="Which weights die.")
    growth: str | None = Field(None, description="Which weights grow.")
    redistribution: str | None = Field(None, description="How the budget moves between matrices.")
    death_rate: float | None = Field(None, description="Share of the live weights that die at an update.")
    decay: str | None = Field(None, description="How the death rate falls.")
    update_interval: int | Literal["epoch"] | None = Field(
        None, description="Topology updates: once an epoch, or every so many steps."
    )
    weight_scale: str | None = Field(
        None,
        exclude_if=lambda given: given is None,  # so that runs of before keep their configuration
        description="First weights: dense, or fan_in, which gives each unit its dense variance.",
    )
    pattern: str | None = Field(
        None,
        exclude_if=lambda given: given is None,
        description="Which weights live and die together: 1x1 (each on its own), 16x1 or 8x4 (blocks of rows "
        "x columns within a gate), units (whole hidden units, which only prunes).",
    )
    keep_diagonal: bool | None = Field(
        None,
        exclude_if=lambda given: given is None,
        description="The diagonals of recurrent matrices always live.",
    )
    gate_densities: dict[str, float] | None = Field(
        None,
        exclude_if=lambda given: given is None,
        description="Densities by gate, such as reset = 0.3, of which the proportion counts.",
    )
    exclude: tuple[str, ...] | None = Field(
        None,
        description="Patterns of the parameters that stay dense, such as decoder. Several with commas on the "
        "command line.",
    )

    @field_validator("exclude", mode="before")
    @classmethod
    def _several_in_one_word(cls, given: Any) -> Any:
        return tuple(name.strip() for name in given.split(",")) if isinstance(given, str) else given

    def at(self, density: float) -> PruningVariant:
        """The variant at a density.

        Raises:
            ConfigurationError: an unknown name or an impossible combination.
        """
        base = PruningVariant(density=density) if self.method is None else METHODS[self.method].at(density)
        given = self.model_dump(exclude_none=True, exclude={"method"})
        return dataclasses.replace(base, **given)


class TrainConfig(Tasked):
    """Everything that decides one training."""

    kind: Literal["train"] = Field("train", description="What the run folder holds.")
    dense: bool = Field(False, description="Prune nothing.")
    variant: VariantConfig = Field(default_factory=VariantConfig)
    reference: GivenWeights | None = Field(
        None, description="What the network starts from (prune and fine-tune); leave out for fresh weights."
    )
    runtime: RuntimeConfig = Field(default_factory=RuntimeConfig)

    @property
    def pruning(self) -> PruningVariant | None:
        """The variant; None for the dense network."""
        return None if self.dense else self.variant.at(density_from_sparsity(self.sparsity))

    def bound(self, known: Tasked | None = None) -> Self:
        """As :meth:`Tasked.bound`, with the hash of the reference too.

        Raises:
            CheckpointError: the reference is no file of weights, or another than before.
        """
        return with_hashed_reference(super().bound(known))

    @model_validator(mode="after")
    def _variant_is_possible(self) -> "TrainConfig":
        self.variant.at(density_from_sparsity(self.sparsity))
        return self


class TrainResult(Trained):
    """What a training gave. No times, dates or paths: two runs of one configuration give the same."""

    epochs: int = Field(description="Epochs trained.")
    score: Score = Field(description="What the scores are called, such as perplexity.")
    train_loss: tuple[float, ...] = Field(description="By epoch; nats an item in language modelling.")
    valid_scores: tuple[float, ...] = Field(description="By epoch.")
    naive: Naive | None = Field(
        None, exclude_if=lambda given: given is None, description="What is reached without a network."
    )
    reference: ReferenceScores | None = Field(
        None,
        exclude_if=lambda given: given is None,
        description="The network that this one started from, and a verdict; none for fresh weights.",
    )

    @property
    def learned(self) -> bool:
        """Whether it is better than no network at all, as far as that is known."""
        if self.reference is not None:
            return self.reference.verdict.against_dense != "not learned"
        return self.naive is None or self.score.signed(self.valid_score) < self.score.signed(
            self.naive.valid_score
        )


def train(config: TrainConfig, out: Path | str, listener: Listener = silent) -> TrainResult:
    """Train one network to its full budget, or resume a training that was interrupted.

    Raises:
        RunFolderError: the folder is in use or of another configuration.
        CorpusError: the text cannot be read or is too short.
        ConfigurationError: the variant is impossible with this network or optimiser.
        DivergedError: training left the finite numbers.
    """
    path = files.place(out)
    config = config.bound(read_config(path, TrainConfig) if (path / CONFIG).exists() else None)
    check_device(config.runtime.device)
    job = _job(config, path / NETWORK)
    origin = check_job(job)
    if config.reference is not None:
        say_origin(config.reference, origin)
    with held(path, config):
        versions.record(path, versions.versions(device=config.runtime.device))
        with traced(job.folder), imports_unwalked():
            history = run_job(job, listener)
        if history.failure is not None:
            raise DivergedError(history.failure.reason)
        result = _result(config, job, path, history)
        files.write_summed(path / "result.json", result.model_dump(mode="json"))
    return result


def _job(config: TrainConfig, folder: Path) -> TrainingJob:
    return TrainingJob(
        label="dense" if config.dense else "network",
        folder=folder,
        task=config.described,
        recipe=config.recipe,
        variant=config.pruning,
        start=config.reference,
        seed=config.seed,
        until=config.recipe.epochs,
        threads=config.runtime.threads,
        device=config.runtime.device,
        cuda_graphs=config.runtime.cuda_graphs,
    )


def _result(config: TrainConfig, job: TrainingJob, path: Path, history: History) -> TrainResult:
    best = history.best
    weights = checkpoint.path(JobFolder(path / NETWORK).path, best.epoch)
    score, given, naive = config.described.judged_by, config.reference, config.described.naive()
    tested = EvaluationJob(
        checkpoint=weights,
        task=config.described,
        recipe=config.recipe,
        part="test",
        threads=config.runtime.threads,
        device=config.runtime.device,
    )
    return TrainResult(
        epochs=len(history.epochs),
        best_epoch=best.epoch,
        score=score,
        valid_score=score.shown(best.valid_loss),
        test_score=score.shown(evaluate_checkpoint(tested)),
        live=best.live,
        density=best.density,
        averaging=best.averaging,
        train_loss=tuple(record.train_loss for record in history.epochs),
        valid_scores=tuple(score.shown(record.valid_loss) for record in history.epochs),
        weights=str(weights.relative_to(path)),
        weights_sha256=checkpoint.read_document(weights)["sha256"],
        naive=None if naive is None else Naive(name=naive[0], valid_score=naive[1]),
        reference=None if given is None else against_reference(job, given, history, tested, score),
    )
