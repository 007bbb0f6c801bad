"""What each part of the method is worth: one network, one set of first masks, one change at a time.

All rows of a seed have the same dense network, batches and number of live weights. The masks of the rows up
to ``dense start, same masks`` are drawn at random and equal: their seed knows nothing of weight scale,
distillation, or what the weights start from. The other rows have those that a search would take, the largest
weights of the dense network: at once, with deaths and growth, and at last gradually, without any.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import Field

from hyperprune.search import SearchConfig
from hyperprune.sparsity import PruningVariant
from hyperprune.sparsity.scheduled import pruning_interval
from hyperprune.tasks import Score
from hyperprune.training import JobFolder, TrainingJob, run_job
from hyperprune.training.evaluation import EvaluationJob, evaluate_checkpoint
from hyperprune.training.stored import checkpoint
from hyperprune.training.stored.weights_file import GivenWeights
from hyperprune.training.teaching import TeacherConfig
from promise_record import SCHEMA, Part
from promise_searches import PTB, SEARCHES

NETWORKS = ("ptb-lstm-small", "co2")
DEATH_RATE = 0.3
DISTILLATION = 0.5


@dataclass(frozen=True)
class Row:
    """One way to train a sparse network.

    Attributes:
        from_dense: whether it starts from the trained dense network, with the rate and the budget that
            [dense_start] gives.
        scaled: whether fresh weights are scaled to the live inputs of their row.
        distilled: whether the dense network teaches.
        largest: whether the first masks are the largest weights.
        gradual: whether the others die little by little, and nothing grows.
    """

    from_dense: bool = False
    scaled: bool = False
    distilled: bool = False
    largest: bool = False
    gradual: bool = False


ROWS = {
    "scratch, as published": Row(),
    "+ weight scale": Row(scaled=True),
    "+ weight scale, distillation": Row(scaled=True, distilled=True),
    "dense start, same masks": Row(from_dense=True),
    "+ distillation": Row(from_dense=True, distilled=True),
    "dense start, largest weights": Row(from_dense=True, largest=True),
    "+ largest weights, distillation": Row(from_dense=True, distilled=True, largest=True),
    "dense start, gradually": Row(from_dense=True, gradual=True),
    "+ gradually, distillation": Row(from_dense=True, distilled=True, gradual=True),
}


class AblationRecord(Part):
    """One row of one network from one seed."""

    schema_version: int = SCHEMA
    network: str
    row: str
    seed: int
    density: float
    score: Score
    valid: float
    test: float
    best: int = Field(description="The epoch that counts.")
    epochs: int


def config_of(network: str, seed: int, corpora: dict[str, str] | None = None) -> SearchConfig:
    """The search whose network, text and recipe are taken."""
    listed = next(one for one in SEARCHES if one.name == network)
    return listed.config(seed=seed, corpora=corpora).bound()


def needs(network: str) -> str | None:
    """The text that must be given."""
    return PTB if network.startswith("ptb") else None


def train(config: SearchConfig, network: str, row: str, work: Path) -> AblationRecord:
    """Train a row, its dense network first; what the folder holds is taken up.

    Raises:
        ValueError: it diverged.
    """
    dense = _job(config, "dense", work, None, None)
    job = dense
    if row != "dense":
        history = run_job(dense)
        path = checkpoint.path(dense.folder, history.best.epoch)
        given = GivenWeights(checkpoint=str(path), sha256=checkpoint.read_document(path)["sha256"])
        job = _job(config, row, work, ROWS[row], given)
    history = run_job(job)
    if history.failure is not None:
        raise ValueError(f"{network}, {row}, seed {config.seed}: {history.failure.reason}")
    score, best = config.described.judged_by, history.best
    on_test = EvaluationJob(
        checkpoint=checkpoint.path(JobFolder(job.folder).path, best.epoch),
        task=config.described,
        recipe=job.recipe,
        part="test",
        threads=config.runtime.threads,
        device=config.runtime.device,
    )
    return AblationRecord(
        network=network,
        row=row,
        seed=config.seed,
        density=best.density,
        score=score,
        valid=score.shown(best.valid_loss),
        test=score.shown(evaluate_checkpoint(on_test)),
        best=best.epoch,
        epochs=len(history.epochs),
    )


def variant_of(config: SearchConfig, row: Row) -> PruningVariant:
    """Its pruning choices."""
    if row.gradual:
        return PruningVariant(
            density=config.density,
            sparse_init="er",
            criterion="magnitude",
            density_schedule="gradual",
            death_rate=0.0,
            update_interval=100,
        )
    plain = PruningVariant(
        density=config.density,
        sparse_init="er",
        death="magnitude",
        growth="random",
        redistribution="nonzeros",
        death_rate=DEATH_RATE,
    )
    return replace(
        plain,
        weight_scale="fan_in" if row.scaled else "dense",
        criterion="magnitude" if row.largest else "random",
    )


def file_name(network: str, row: str, seed: int) -> str:
    """Of a row's record and folder."""
    words = row.replace("+", "with").replace(",", "").split()
    return "-".join(("ablation", network, *words, f"{seed}"))


def _job(
    config: SearchConfig, name: str, work: Path, row: Row | None, dense: GivenWeights | None
) -> TrainingJob:
    recipe = config.recipe
    further: dict[str, Any] = {}
    if row is not None and dense is not None:
        further["variant"] = variant_of(config, row)
        if row.from_dense:
            recipe = config.dense_start.recipe(recipe)
            further |= {"start": dense, "keep_largest": False}
        if row.gradual:
            steps = recipe.epochs * config.described.open(recipe, config.seed).steps_per_epoch
            further["variant"] = replace(further["variant"], update_interval=pruning_interval(steps))
        if row.distilled:
            further["teacher"] = TeacherConfig(weights=dense, weight=DISTILLATION)
    return TrainingJob(
        label=name,
        folder=work / "-".join(name.replace("+", "with").replace(",", "").split()),
        task=config.described,
        recipe=recipe,
        seed=config.seed,
        until=recipe.epochs,
        threads=config.runtime.threads,
        device=config.runtime.device,
        **further,
    )
