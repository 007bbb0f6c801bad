"""The pruning variants that a search may suggest."""

from typing import Annotated, Any, Literal

from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution
from pydantic import BaseModel, ConfigDict, Field, model_validator

from hyperprune.errors import ConfigurationError
from hyperprune.sparsity import PruningVariant


class FloatRange(BaseModel):
    """A continuous choice."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    low: float = Field(ge=0, lt=1, description="Smallest value.")
    high: float = Field(ge=0, lt=1, description="Largest value.")
    step: float | None = Field(None, gt=0, description="Distance of neighbouring values; none for any.")

    @model_validator(mode="after")
    def _in_order(self) -> "FloatRange":
        if self.low > self.high:
            raise ConfigurationError(f"a range goes up, got low {self.low} above high {self.high}: swap them")
        return self


class SpaceConfig(BaseModel):
    """The choices. The defaults are the space of the paper."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    sparse_init: tuple[str, ...] = Field(("uniform", "er"), min_length=1, description="First masks.")
    growth: tuple[str, ...] = Field(("random",), min_length=1, description="Which weights grow.")
    death: tuple[str, ...] = Field(
        ("magnitude", "set", "threshold", "global_magnitude"), min_length=1, description="Which weights die."
    )
    redistribution: tuple[str, ...] = Field(
        ("magnitude", "nonzeros", "none"), min_length=1, description="How the budget moves."
    )
    decay: tuple[str, ...] = Field(("cosine",), min_length=1, description="How the death rate falls.")
    update_interval: tuple[int | Literal["epoch"], ...] = Field(
        ("epoch",), min_length=1, description="Topology updates: once an epoch, or every so many steps."
    )
    death_rate: Annotated[tuple[float, ...], Field(min_length=1)] | FloatRange = Field(
        (0.4, 0.5, 0.6, 0.7, 0.8, 0.9), description="Share of live weights that die at an update."
    )

    @model_validator(mode="after")
    def _every_value_is_known(self) -> "SpaceConfig":
        """Build a variant of each value once, so that a wrong name fails before any training."""
        self.each_value(0.5)
        return self

    def each_value(self, density: float) -> list[PruningVariant]:
        """Variants in which every value of every choice occurs."""
        first = {name: _values(choice)[0] for name, choice in self}
        return [
            PruningVariant(density=density, **{**first, name: value})
            for name, choice in self
            for value in _values(choice)
        ]

    def variant(self, params: dict[str, Any], density: float) -> PruningVariant:
        """The variant of a suggestion."""
        return PruningVariant(density=density, **params)

    def distributions(self) -> dict[str, BaseDistribution]:
        """The space in Optuna's terms."""
        return {name: _distribution(choice) for name, choice in self}


def _values(choice: tuple[Any, ...] | FloatRange) -> tuple[Any, ...]:
    return (choice.low, choice.high) if isinstance(choice, FloatRange) else choice


def _distribution(choice: tuple[Any, ...] | FloatRange) -> BaseDistribution:
    if isinstance(choice, FloatRange):
        return FloatDistribution(choice.low, choice.high, step=choice.step)
    return CategoricalDistribution(choice)
