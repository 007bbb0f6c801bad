"""The pruning variants that a search may suggest."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from optuna.trial import Trial
from pydantic import BaseModel, ConfigDict, Field, model_validator

from hyperprune.errors import ConfigurationError
from hyperprune.sparsity import METHODS, PruningVariant

RULES = "rules"
_CHOICES = (
    "sparse_init",
    "growth",
    "death",
    "redistribution",
    "decay",
    "update_interval",
    "death_rate",
)


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
    """The choices, and what holds for every variant. The default choices are the space of the paper."""

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
    method: tuple[str, ...] = Field(
        (RULES,),
        min_length=1,
        description="Named methods that are suggested as they are; rules stands for the choices above.",
    )
    exclude: tuple[str, ...] = Field((), description="Patterns of parameters that stay dense.")
    densities: dict[str, float] = Field(
        {}, description="Density at the start of the parameters that a pattern names."
    )
    share_budget: tuple[tuple[str, ...], ...] = Field(
        (), description="Groups of patterns of parameters that share one budget."
    )

    @model_validator(mode="after")
    def _every_value_is_known(self) -> "SpaceConfig":
        """Build a variant of each value once, so that a wrong name fails before any training."""
        for _ in self.examples(0.5):
            pass
        return self

    def examples(self, density: float) -> Iterator[PruningVariant]:
        """Variants in which every value of every choice occurs once; an impossible value raises."""
        for name in self.method:
            if name != RULES:
                yield self.variant({"method": name}, density)
        if RULES in self.method:
            first = {name: _values(getattr(self, name))[0] for name in _CHOICES}
            for name in _CHOICES:
                for value in _values(getattr(self, name)):
                    yield self.variant({**first, name: value}, density)

    def suggest(self, trial: Trial) -> None:
        """Let an Optuna trial choose; the choices of the rules are asked for where rules are chosen."""
        if self.method != (RULES,) and trial.suggest_categorical("method", self.method) != RULES:
            return
        for name in _CHOICES:
            choice = getattr(self, name)
            if isinstance(choice, FloatRange):
                trial.suggest_float(name, choice.low, choice.high, step=choice.step)
            else:
                trial.suggest_categorical(name, choice)

    def variant(self, params: dict[str, Any], density: float) -> PruningVariant:
        """The variant of a trial's parameters."""
        rules = dict(params)
        name = rules.pop("method", RULES)
        kept: dict[str, Any] = {
            "exclude": self.exclude,
            "densities": tuple(self.densities.items()),
            "share_budget": self.share_budget,
        }
        if name != RULES:
            return METHODS[name].at(density, **kept)
        return PruningVariant(density=density, **rules, **kept)

    @property
    def conditional(self) -> bool:
        """Whether some choices are asked for in some trials only."""
        return RULES in self.method and len(self.method) > 1


def _values(choice: tuple[Any, ...] | FloatRange) -> tuple[Any, ...]:
    return (choice.low, choice.high) if isinstance(choice, FloatRange) else choice
