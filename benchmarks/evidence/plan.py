"""What the evidence run trains: fixed before the first epoch, the same on every machine.

The recipe is one of 30 epochs on 200,000 tokens of Penn Treebank words. The variants are a seeded draw
without repeats from the paper's space, its death rates widened down to 0.2. The first eight of the draw, as
random as any eight, are trained from two more seeds.
"""

import itertools
import random
from dataclasses import dataclass
from pathlib import Path

from hyperprune.corpora import CorpusConfig
from hyperprune.models import StackedLSTMConfig
from hyperprune.sparsity import PruningVariant
from hyperprune.tasks import Recipe, SpectrumConfig, TextTask
from hyperprune.training import TrainingJob

EPOCHS = 30
MEASURED = (1, 2, 3, 4, 5, 6, 8, EPOCHS)  # after which the spectra of all conventions are taken
DENSITY = 0.33
VARIANTS, REPEATED, SEEDS = 24, 8, (0, 1, 2)

MODEL = StackedLSTMConfig(embedding=200, hidden=200, layers=2, dropout=0.3)
RECIPE = Recipe(
    learning_rate=20,
    milestones=(16, 19, 22, 24, 26, 28),
    clip=0.25,
    batch=20,
    evaluation_batch=20,
    bptt=35,
    epochs=EPOCHS,
)


@dataclass(frozen=True)
class Piece:
    """One network to train to the end.

    Attributes:
        variant: its number in the draw, or None for the dense network.
        seed: the root seed of weights, dropout, order and masks.
    """

    variant: int | None
    seed: int

    @property
    def name(self) -> str:
        """Such as ``dense-0`` or ``variant-07-1``: the record's and the run folder's name."""
        return f"dense-{self.seed}" if self.variant is None else f"variant-{self.variant:02d}-{self.seed}"


def draw() -> list[PruningVariant]:
    """The variants, in the order of the draw."""
    space = itertools.product(
        ("uniform", "er"),
        ("magnitude", "set", "threshold", "global_magnitude"),
        ("magnitude", "nonzeros", "none"),
        (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9),
    )
    return [
        PruningVariant(
            density=DENSITY,
            sparse_init=sparse_init,
            death=death,
            growth="random",
            redistribution=redistribution,
            death_rate=death_rate,
        )
        for sparse_init, death, redistribution, death_rate in random.Random(0).sample(list(space), VARIANTS)
    ]


def pieces() -> list[Piece]:
    """Everything to train, in order of what the tables need most.

    All variants of the first seed, then the repeats a seed at a time; the dense networks of the other seeds
    come last, as only the distances of the repeats wait for them.
    """
    order = [Piece(None, SEEDS[0])]
    order += [Piece(number, SEEDS[0]) for number in range(VARIANTS)]
    order += [Piece(number, seed) for seed in SEEDS[1:] for number in range(REPEATED)]
    order += [Piece(None, seed) for seed in SEEDS[1:]]
    return order


def job(piece: Piece, corpus: str, folder: Path, until: int) -> TrainingJob:
    """The training of a piece up to an epoch."""
    return TrainingJob(
        label=piece.name,
        folder=folder,
        task=TextTask(
            corpus=CorpusConfig(source=corpus, max_train_tokens=200_000, max_vocabulary=1000), model=MODEL
        ),
        recipe=RECIPE,
        spectrum=SpectrumConfig(),
        variant=None if piece.variant is None else draw()[piece.variant],
        seed=piece.seed,
        until=until,
    )
