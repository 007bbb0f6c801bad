"""What this run trains: fixed before the first epoch, the same on every machine.

Three regimes. ``lstm``: PTB words with 31 weights for each training token, the learning rate, decay and
dropout tuned for the dense network. ``gru``: the same text with 26 weights a token, tuned likewise.
``digits``: the shipped task. In each, a pool of variants from scratch; in the first, also a pool of masks
of the trained dense network, half of them also reached gradually, and what the best of them must be compared
with.
"""

import itertools
import json
import random
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Literal, get_args

from hyperprune.search import SearchConfig, configure, for_task
from hyperprune.search.rounds.small_dense import as_large_as
from hyperprune.sparsity import PruningVariant
from hyperprune.sparsity.scheduled import pruning_interval
from hyperprune.tasks import Recipe
from hyperprune.training import TrainingJob
from hyperprune.training.stored.weights_file import GivenWeights
from hyperprune.training.teaching import TeacherConfig

HERE = Path(__file__).resolve().parent
TUNING = HERE.parent.parent / "tuning"

MEASURED = (0, 1, 2, 3, 4, 8)  # and the end
SCRATCH_DENSITY, STARTED_DENSITY = 0.33, 0.20
SHORT = 6  # epochs of the whole schedule made short
FURTHER, RATE = 15, 0.25  # of what starts from the dense network: epochs, and share of the learning rate
DISTILLATION = 0.5
CRITERIA = ("magnitude", "global_magnitude", "taylor", "random")  # of the masks, in turn
FACTORS = (-1.0, 1.0)  # u of 2^u, the factor on each matrix's share of the live weights

RAMPED = 12  # of the masks, the first, are also reached little by little, but for those at random

Pool = Literal["dense", "scratch", "short", "started", "ramped", "trained-on", "small"]
POOLS: tuple[Pool, ...] = get_args(Pool)

FROM_DENSE = ("started", "ramped", "trained-on")


@dataclass(frozen=True)
class Regime:
    """A network on its data.

    Attributes:
        name: of the regime.
        epochs: full budget.
        variants: how many from scratch.
        repeated: how many of them, the first, are trained from further seeds.
        masks: how many masks of the trained network.
        seeds: the first has all, the others the repeated ones.
    """

    name: str
    epochs: int
    variants: int
    repeated: int
    masks: int
    seeds: tuple[int, ...]


REGIMES = {
    "lstm": Regime("lstm", 30, 24, 8, 24, (0, 1, 2)),
    "gru": Regime("gru", 20, 12, 0, 0, (0,)),  # longer ones made the dense network worse
    "digits": Regime("digits", 30, 12, 0, 0, (0,)),
}


@dataclass(frozen=True)
class Piece:
    """A network to train to its end.

    Attributes:
        regime: its name.
        pool: what it is.
        number: in its pool; 0 for what stands alone.
        seed: the root seed of weights, dropout, order and masks.
    """

    regime: str
    pool: Pool
    number: int
    seed: int

    @property
    def name(self) -> str:
        """Such as ``lstm-scratch-07-1``: the record's and the folder's name."""
        return f"{self.regime}-{self.pool}-{self.number:02d}-{self.seed}"

    @property
    def dense(self) -> "Piece":
        """The dense network of its seed."""
        return Piece(self.regime, "dense", 0, self.seed)

    @property
    def epochs(self) -> int:
        """What it trains in all."""
        known = {"short": SHORT, "started": FURTHER, "ramped": FURTHER, "trained-on": FURTHER}
        return known.get(self.pool, REGIMES[self.regime].epochs)

    @property
    def measured(self) -> tuple[int, ...]:
        """Epochs after which it is measured, the end included."""
        if self.pool not in ("dense", "scratch", "started"):
            return (self.epochs,)
        return (*(epoch for epoch in MEASURED if epoch < self.epochs), self.epochs)


def pieces(regime: Regime) -> list[Piece]:
    """Everything to train, in the order in which the questions need it."""
    name, first, others = regime.name, regime.seeds[0], regime.seeds[1:]
    order = [Piece(name, "dense", 0, first)]
    order += [Piece(name, "scratch", number, first) for number in range(regime.variants)]
    order += [Piece(name, "started", number, first) for number in range(regime.masks)]
    ramped = [
        number for number in range(min(RAMPED, regime.masks)) if CRITERIA[number % len(CRITERIA)] != "random"
    ]
    order += [Piece(name, "ramped", number, first) for number in ramped]
    order += [Piece(name, "small", number, first) for number in (0, 1)]
    order += [Piece(name, "trained-on", 0, first)] if regime.masks else []
    for seed in others:
        order.append(Piece(name, "dense", 0, seed))
        order += [Piece(name, "scratch", number, seed) for number in range(regime.repeated)]
    repeated = range(min(regime.repeated, regime.masks))
    order += [Piece(name, "started", number, seed) for seed in others for number in repeated]
    order += [Piece(name, "short", number, first) for number in range(regime.variants)]
    return order


def scratch_variants() -> list[PruningVariant]:
    """A seeded draw without repeats from the paper's space, its death rates widened down to 0.2."""
    space = itertools.product(
        ("uniform", "er"),
        ("magnitude", "set", "threshold", "global_magnitude"),
        ("magnitude", "nonzeros", "none"),
        (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9),
    )
    return [
        PruningVariant(
            density=SCRATCH_DENSITY,
            sparse_init=sparse_init,
            death=death,
            redistribution=redistribution,
            death_rate=death_rate,
            weight_scale="fan_in",
        )
        for sparse_init, death, redistribution, death_rate in random.Random(0).sample(list(space), 24)
    ]


def masks(matrices: tuple[str, ...]) -> list[PruningVariant]:
    """Masks of the trained network: criterion, and a factor on the share of each matrix."""
    generator = random.Random(1)
    criteria = itertools.cycle(CRITERIA)
    return [
        PruningVariant(
            density=STARTED_DENSITY,
            criterion=next(criteria),
            death_rate=0.0,
            density_factors=tuple((name, 2 ** generator.uniform(*FACTORS)) for name in matrices),
        )
        for _ in range(24)
    ]


@cache
def config_of(regime: str, corpus: str | None) -> SearchConfig:
    """The task, network, spectrum and recipe of a regime, with what was tuned for its dense network."""
    if regime == "digits":
        return for_task("digits").bound()
    config = configure(file=HERE / f"over-{regime}.toml", values={"corpus.source": corpus})
    found = min(tuned(regime), key=lambda run: run["valid_score"])["setting"]
    epochs = REGIMES[regime].epochs
    stretch = epochs / config.recipe.epochs
    values = {
        "corpus.source": corpus,
        "model.dropout": found["dropout"],
        "recipe.learning_rate": found["learning_rate"],
        "recipe.milestone_factor": found.get("factor", config.recipe.milestone_factor),
        "recipe.milestones": [round((epoch - 1) * stretch) + 1 for epoch in config.recipe.milestones],
        "recipe.epochs": epochs,
    }
    return configure(file=HERE / f"over-{regime}.toml", values=values).bound()


def tuned(regime: str) -> list[dict[str, dict[str, float] | float]]:
    """The short runs that the recipe comes from; with ``-around`` those around it, if there are any."""
    table = TUNING / f"over-{regime}.json"
    if regime.endswith("-around") and not table.exists():
        return []
    document = json.loads(table.read_bytes())
    return [run for run in document["runs"] if run["valid_score"] is not None]


def recipe_of(piece: Piece, config: SearchConfig) -> Recipe:
    """The regime's; made short, or of what starts from the dense network."""
    given, epochs = config.recipe, piece.epochs
    stretch = epochs / REGIMES[piece.regime].epochs
    milestones = tuple(round((epoch - 1) * stretch) + 1 for epoch in given.milestones)
    changed: dict[str, object] = {"epochs": epochs, "milestones": milestones}
    if piece.pool in FROM_DENSE:
        changed["learning_rate"] = given.learning_rate * RATE
    return given.model_copy(update=changed)


def job(piece: Piece, corpus: str | None, work: Path, until: int, parent: Path | None) -> TrainingJob:
    """The training of a piece up to an epoch.

    Args:
        piece: which.
        corpus: folder of the texts.
        work: folder of all pieces.
        until: epochs.
        parent: checkpoint of the dense network's best epoch, for what starts from it.
    """
    config = config_of(piece.regime, corpus)
    task, variant, start, teacher = config.described, None, None, None
    if piece.pool in ("scratch", "short"):
        variant = scratch_variants()[piece.number]
    if piece.pool == "small":
        density = (SCRATCH_DENSITY, STARTED_DENSITY)[piece.number]
        small = as_large_as(task, config.recipe, live_weights(piece, config, density))
        assert small is not None
        task = small
    if piece.pool in FROM_DENSE:
        assert parent is not None
        given = GivenWeights(checkpoint=str(parent))
        start = given.model_copy(update={"sha256": given.hashed()})
        teacher = TeacherConfig(weights=start, weight=DISTILLATION)
    if piece.pool in ("started", "ramped"):
        variant = masks(matrices(piece, config))[piece.number]
    if piece.pool == "ramped":
        assert variant is not None
        steps = piece.epochs * task.open(config.recipe, piece.seed).steps_per_epoch
        variant = replace(variant, density_schedule="gradual", update_interval=pruning_interval(steps))
    return TrainingJob(
        label=piece.name,
        folder=work / piece.name / "network",
        task=task,
        recipe=recipe_of(piece, config),
        spectrum=config.spectrum,
        variant=variant,
        start=start,
        scores=None if start is None else work / piece.dense.name,
        # without a criterion a start keeps the largest weights, unless it is to be a mask at random
        keep_largest=variant is None or variant.trained or piece.pool not in FROM_DENSE,
        teacher=teacher,
        seed=piece.seed,
        until=until,
        initial=True,
    )


def live_weights(piece: Piece, config: SearchConfig, density: float) -> int:
    """Weights of the network pruned to a density, biases included."""
    network = config.described.open(config.recipe, piece.seed).network()
    sizes = [value.numel() for value in network.parameters() if value.dim() > 1]
    rest = sum(value.numel() for value in network.parameters() if value.dim() < 2)
    return round(density * sum(sizes)) + rest


def matrices(piece: Piece, config: SearchConfig) -> tuple[str, ...]:
    """Names of the matrices that a mask has a factor for."""
    network = config.described.open(config.recipe, piece.seed).network()
    return tuple(name for name, value in network.named_parameters() if value.dim() > 1)
