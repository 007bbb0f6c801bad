"""Trainings beside searches: one network each, as a row of a comparison."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hyperprune.config.differences import differences
from hyperprune.errors import ConfigurationError
from hyperprune.search.comparing.records import ComparedRun, Point
from hyperprune.search.comparing.trajectory import reached_by
from hyperprune.search.space.words import choice_words
from hyperprune.tasks import Tasked
from hyperprune.training import JobFolder, TrainConfig, TrainingRun, TrainResult
from hyperprune.training.train_one import NETWORK


@dataclass(frozen=True)
class Single:
    """One finished training.

    Attributes:
        name: its folder.
        config: its configuration.
        result: what it gave.
        path: the best network so far, by epoch.
    """

    name: str
    config: TrainConfig
    result: TrainResult
    path: tuple[Point, ...]

    @property
    def final(self) -> float:
        """Validation loss of the epoch that counts, smaller for better ones."""
        return self.result.score.signed(self.result.valid_score)


def single(path: Path, name: str) -> Single:
    """A training in its folder, and what it is called.

    Raises:
        RunFolderError: it has not ended.
    """
    run = TrainingRun(path)
    return Single(name, run.config, run.result, _path(run))


def is_rival(one: Single, sparsity: float) -> bool:
    """Whether a training may set the best known score of candidates: pruned, and as far as they are."""
    return not one.config.dense and one.config.sparsity == sparsity


def single_row(one: Single, best: float | None, cheapest: int, sparsity: float) -> ComparedRun:
    """A training as a row.

    Args:
        one: the training.
        best: validation loss of the best known candidate.
        cheapest: epochs of the cheapest search.
        sparsity: of the candidates.
    """
    config, result = one.config, one.result
    return ComparedRun(
        name=one.name,
        kind="train",
        plan="train",
        metric="none",
        sampler="none",
        seed=config.seed,
        seeds=1,
        candidates=1,
        distinct=1,
        epochs=result.epochs,
        seconds=one.path[-1].seconds if one.path else None,
        selected=None,
        valid_score=result.valid_score,
        spread=None,
        test_score=result.test_score,
        regret=one.final - best if best is not None and is_rival(one, sparsity) else None,
        at_equal_cost=reached_by(one.path, cheapest),
        path=one.path,
        network=_words(config, result),
    )


def check_same_data(first_name: str, first: Tasked, other: Single) -> None:
    """A training needs the task and the data of the others; network and recipe are its own.

    Raises:
        ConfigurationError: it is of other ones.
    """
    found = differences(_data(first), _data(other.config))
    if found:
        name, old, new = found[0]
        raise ConfigurationError(
            f"{first_name} and {other.name} cannot be compared: {name} is {old!r} in the one and {new!r} in "
            "the other; give runs of one task and the same data"
        )


def _data(config: Tasked) -> dict[str, Any]:
    """Task and data alone: neither the network of a text, nor what the spectrum or the recipe decides."""
    content = {table: held for table, held in config.described.content.items() if table != "model"}
    own = content.get("task")
    if own is not None:
        left_out = ["steps_per_epoch", *(["data_sha256"] if own.get("training_sha256") else [])]
        content["task"] = {key: value for key, value in own.items() if key not in left_out}
    return content


def _words(config: TrainConfig, result: TrainResult) -> str:
    live = f"{result.live:,} live weights"
    if config.pruning is None:
        return f"dense, {live}"
    method = {} if config.variant.method is None else {"method": config.variant.method}
    return f"{choice_words(config.pruning.to_dict() | method)}, {live}, density {result.density:.3f}"


def _path(run: TrainingRun) -> tuple[Point, ...]:
    """A point at each epoch that brought a better network as sparse as the last one, and one at the end."""
    job, score = JobFolder(run.path / NETWORK), run.result.score
    records, spent = job.history().epochs, job.seconds()
    fewest = min((record.live for record in records), default=0)
    points: list[Point] = []
    best: float | None = None
    for record in records:
        is_better = record.live == fewest and (best is None or record.valid_loss < best)
        best = record.valid_loss if is_better else best
        if best is not None and (is_better or record is records[-1]):
            seconds = sum(spent.get(str(epoch), 0.0) for epoch in range(record.epoch + 1)) if spent else None
            points.append(Point(epochs=record.epoch, seconds=seconds, valid_score=score.shown(best)))
    return tuple(points)
