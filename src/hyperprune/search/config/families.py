"""Families of candidates: from scratch, or from the trained dense network. Each is a study of its own.

Families share the dense reference and the network, and meet in the finals: the network with the lowest
validation loss is selected, whichever family it is of.
"""

from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field

from hyperprune.search.config.pool import PoolConfig
from hyperprune.search.plans import Plan
from hyperprune.search.space.ranges import ExponentRange, FloatRange, PositiveRange
from hyperprune.search.space.space import SpaceConfig
from hyperprune.tasks import Recipe

SCRATCH, DENSE = "scratch", "dense"


class DenseSpace(SpaceConfig):
    """The choices of candidates that start from the dense network."""

    criterion: tuple[str, ...] = Field(
        ("magnitude", "global_magnitude", "taylor"),
        min_length=1,
        description="Which weights live first: magnitude, global_magnitude, taylor, or random as a control.",
    )
    density_factor: ExponentRange = Field(
        ExponentRange(),
        description="Range of u in 2^u, the factor on each matrix's share of the first live weights, chosen "
        "for each matrix; the total stays exact. From 0 to 0 for no factors.",
    )
    pattern: tuple[str, ...] = Field(
        (),
        exclude_if=lambda given: given == (),
        description="Which weights live and die together, as in [space]; empty for what it says.",
    )
    keep_diagonal: tuple[bool, ...] = Field(
        (),
        exclude_if=lambda given: given == (),
        description="Whether the diagonals of recurrent matrices always live; empty for what [space] says.",
    )
    gate_densities: tuple[str, ...] = Field(
        (),
        exclude_if=lambda given: given == (),
        description="How a matrix is divided among its gates; empty for what [space] says.",
    )
    death: tuple[str, ...] = Field(
        ("magnitude", "global_magnitude"), min_length=1, description="Which weights die."
    )
    redistribution: tuple[str, ...] = Field(
        ("none", "magnitude"), min_length=1, description="How the budget moves."
    )
    death_rate: tuple[float, ...] | FloatRange = Field(
        (0.0, 0.1, 0.2), description="Share of live weights that die at an update; 0 keeps the masks."
    )
    distillation: tuple[float, ...] | FloatRange = Field(
        (0.5,),
        description="Weights a of the dense network's answers, (1 - a) loss + a T^2 KL(dense || "
        "candidate); empty for the data alone.",
    )
    temperature: tuple[float, ...] | PositiveRange = Field(
        (), description="Temperatures T of distillation; empty for 1."
    )


class DensePool(PoolConfig):
    """How many masks of the dense network are tried, and which of them are trained."""

    candidates: int = Field(32, ge=1, le=100_000, description="Suggestions of the optimiser.")
    first_epochs: int = Field(
        0, ge=0, description="Epochs of every candidate before the first ranking; 0 ranks masks untrained."
    )
    screen: int = Field(
        4,
        ge=1,
        description="Candidates that survive a ranking of untrained networks, where equal masks count "
        "once; no effect if the first ranking is of trained ones.",
    )
    round_epochs: int = Field(1, ge=1, description="Further epochs of the survivors in each round.")
    metric: str = Field(
        "loss",
        description="What ranks candidates: ls (distance to the spectrum of the network they start "
        "from), loss, rank, covariance, or your own function.",
    )


class DenseStart(BaseModel):
    """Candidates that start from the dense network at its best epoch, if families includes dense."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    epochs: int | None = Field(None, ge=1, description="Their full budget; leave out for that of the recipe.")
    rate: float = Field(0.5, gt=0, description="Multiplies the recipe's learning rate.")
    milestones: tuple[int, ...] | None = Field(
        None,
        description="Epochs from whose start the learning rate is multiplied; leave out for the recipe's.",
    )
    space: DenseSpace = Field(default_factory=DenseSpace)
    search: DensePool = Field(default_factory=DensePool)

    def space_beside(self, space: SpaceConfig) -> DenseSpace:
        """Its choices, with the patterns of the other space where it names none."""
        missing = {name: values for name, values in space.grain.items() if not getattr(self.space, name)}
        return self.space.model_copy(update=missing)

    def recipe(self, recipe: Recipe) -> Recipe:
        """How they are trained; the optimiser is a new one."""
        changed = {
            "epochs": self.epochs or recipe.epochs,
            "learning_rate": recipe.learning_rate * self.rate,
            "milestones": recipe.milestones if self.milestones is None else self.milestones,
            "decay_epochs": None,
        }
        return recipe.model_copy(update=changed)


@dataclass(frozen=True)
class Family:
    """One family of a search.

    Attributes:
        name: ``scratch`` or ``dense``.
        space: its choices.
        pool: its candidates and rounds.
        recipe: its budget and rate.
        first: number of its first candidate.
        bracket: number of its first bracket.
        from_dense: whether its candidates start from the trained dense network.
        keeps_largest: whether their first masks are the largest weights, whatever the variant says.
    """

    name: str
    space: SpaceConfig
    pool: PoolConfig
    recipe: Recipe
    first: int = 0
    bracket: int = 0
    from_dense: bool = False
    keeps_largest: bool = False

    @property
    def plan(self) -> Plan:
        """Who trains how far."""
        return self.pool.planned(self.recipe.epochs)

    @property
    def uses_dense(self) -> bool:
        """Whether it needs the trained dense network: to start from, to learn from, or to be ranked by."""
        return self.from_dense or self.space.distils or self.pool.needs_dense

    @property
    def awaits_dense(self) -> bool:
        """Whether its candidates can only begin once the dense network is trained."""
        return self.from_dense or self.space.distils
