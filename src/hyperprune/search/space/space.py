"""The candidates that a search may suggest."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from optuna.trial import Trial
from pydantic import BaseModel, ConfigDict, Field, model_validator

from hyperprune.errors import ConfigurationError
from hyperprune.search.space.choice import Choice
from hyperprune.search.space.dimensions import Dimension, in_order
from hyperprune.search.space.ranges import FloatRange, PositiveRange
from hyperprune.sparsity import METHODS, PruningVariant, density_from_sparsity

RULES = "rules"
_RULES = ("sparse_init", "growth", "death", "redistribution", "decay", "update_interval", "death_rate")
_WITHOUT_DEATHS = ("growth", "death", "redistribution", "decay", "update_interval")  # no effect if static
_OF_METHODS = ("sparse_init", "decay", "update_interval", "death_rate")  # what a named method may be given
_BESIDE = ("learning_rate", "dropout", "sparsity")


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
    learning_rate: tuple[float, ...] | PositiveRange = Field(
        (), description="Learning rates of the first epoch; none of them for the recipe's alone."
    )
    dropout: tuple[float, ...] | FloatRange = Field(
        (), description="Dropout of the network; none of them for the model's alone."
    )
    sparsity: tuple[float, ...] | FloatRange = Field(
        (), description="Sparsities; none of them for the search's alone."
    )
    when: dict[str, dict[str, tuple[str | int | float, ...]]] = Field(
        {},
        description="Conditions: when.death_rate = { method = ['rules', 'rigl'] } makes the choice only with "
        "these values of another; otherwise its first value stands, or the method's own.",
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
        self._check_numbers()
        for name in self.method:
            if name != RULES:
                METHODS[name]
        self._check_conditions()
        for _ in self.examples(0.5):
            pass
        return self

    @property
    def dimensions(self) -> tuple[Dimension, ...]:
        """The choices in the order in which they are made."""
        names = [] if self.method == (RULES,) else ["method"]
        names += _RULES if self._rules_are_chosen else []
        names += [name for name in _BESIDE if getattr(self, name)]
        return in_order([Dimension(name, getattr(self, name), self._condition(name)) for name in names])

    def examples(self, density: float) -> Iterator[PruningVariant]:
        """Variants in which every value of every choice occurs once; an impossible value raises."""
        for choice in self.example_choices(density):
            yield choice.variant

    def example_choices(self, density: float) -> Iterator[Choice]:
        """Choices in which every value occurs once, or both ends of a range; an impossible one raises."""
        for name in self.method:
            if name != RULES:
                yield self.choice({"method": name}, density)
        first = {d.name: d.examples[0] for d in self.dimensions if d.name != "method"}
        for dimension in self.dimensions:
            for value in dimension.examples if dimension.name != "method" else ():
                for name in dimension.when.get("method", (RULES,)):
                    yield self.choice({**first, "method": name, dimension.name: value}, density)

    def suggest(self, trial: Trial) -> None:
        """Let an Optuna trial choose; a choice whose conditions do not hold is not asked for."""
        for dimension in self.dimensions:
            if dimension.asked(trial.params):
                dimension.suggest(trial)

    def choice(self, params: Mapping[str, Any], density: float) -> Choice:
        """The choice of a trial's parameters.

        Args:
            params: values by the name of the choice, those that were asked for.
            density: where no sparsity is chosen.
        """
        if "sparsity" in params:
            density = density_from_sparsity(params["sparsity"])
        variant = self.variant(
            {name: value for name, value in params.items() if name not in _BESIDE}, density
        )
        method = params.get("method", RULES)
        return Choice(
            variant, params.get("learning_rate"), params.get("dropout"), None if method == RULES else method
        )

    def variant(self, params: Mapping[str, Any], density: float) -> PruningVariant:
        """The pruning variant of a trial's parameters."""
        rules = dict(params)
        name = rules.pop("method", RULES)
        kept: dict[str, Any] = {
            "exclude": self.exclude,
            "densities": tuple(self.densities.items()),
            "share_budget": self.share_budget,
        }
        if name != RULES:
            given = {key: value for key, value in rules.items() if key in self._given_to(name)}
            return METHODS[name].at(density, **given, **kept)
        first = {key: _first(getattr(self, key)) for key in _RULES if key in self.when or self._may_be_static}
        return PruningVariant(density=density, **{**first, **rules}, **kept)

    @property
    def conditional(self) -> bool:
        """Whether some choices are asked for in some trials only."""
        return any(dimension.when for dimension in self.dimensions)

    @property
    def _rules_are_chosen(self) -> bool:
        return RULES in self.method or any(name in self.when for name in _RULES)

    @property
    def _may_be_static(self) -> bool:
        """Whether the death rate is a choice between none and some."""
        rates = self.death_rate
        return isinstance(rates, tuple) and 0.0 in rates and len(set(rates)) > 1

    def _condition(self, name: str) -> dict[str, tuple[Any, ...]]:
        """What the user demands, and what follows from the meaning of the choices."""
        given: dict[str, tuple[Any, ...]] = dict(self.when.get(name, {}))
        if name in _RULES and self.method != (RULES,):
            given.setdefault("method", (RULES,))
        if name in _WITHOUT_DEATHS and self._may_be_static and isinstance(self.death_rate, tuple):
            given.setdefault("death_rate", tuple(rate for rate in self.death_rate if rate > 0))
        return given

    def _given_to(self, method: str) -> tuple[str, ...]:
        """Choices that are made beside a named method."""
        return tuple(key for key in _RULES if method in self.when.get(key, {}).get("method", ()))

    def _check_numbers(self) -> None:
        limits = {"learning_rate": (0.0, float("inf")), "dropout": (0.0, 1.0), "sparsity": (0.0, 1.0)}
        for name, (low, high) in limits.items():
            values = getattr(self, name)
            for value in values if isinstance(values, tuple) else ():
                if not low <= value < high or (name == "learning_rate" and value == 0):
                    rule = "be above 0" if name == "learning_rate" else "lie in [0, 1)"
                    raise ConfigurationError(
                        f"a {name.replace('_', ' ')} must {rule}, got {value} in space.{name}: give "
                        "such as 0.5"
                    )

    def _check_conditions(self) -> None:
        known = {dimension.name for dimension in self.dimensions}
        for name, condition in self.when.items():
            if name not in known:
                raise ConfigurationError(
                    f"space.when has conditions of {name!r}, which is no choice of this space: give one of "
                    f"{', '.join(sorted(known))}"
                )
            for method in condition.get("method", ()):
                self._check_method(name, str(method))

    def _check_method(self, name: str, method: str) -> None:
        if method == RULES or name not in _RULES or method not in METHODS:
            return
        own = METHODS[method].variant
        changes = own.static or own.scheduled
        if name not in _OF_METHODS or (changes and name != "sparse_init"):
            reason = "which has no death rate" if changes else "which has its own"
            raise ConfigurationError(
                f"space.when.{name}.method names {method}, {reason}: leave {method} out there"
            )


def _first(options: tuple[Any, ...] | FloatRange) -> Any:
    return options.low if isinstance(options, FloatRange) else options[0]
