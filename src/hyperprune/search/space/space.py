"""The candidates that a search may suggest."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Annotated, Any, Literal

from optuna.trial import Trial
from pydantic import Field, model_validator

from hyperprune.search.space.checks import CHOSEN_BY_RULES, RULES, check_conditions, check_numbers
from hyperprune.search.space.choice import Choice
from hyperprune.search.space.dimensions import Dimension, in_order
from hyperprune.search.space.patterns import NAMES, PatternChoices, fitted
from hyperprune.search.space.ranges import ExponentRange, FloatRange, PositiveRange, Range
from hyperprune.sparsity import CRITERION, METHODS, PruningVariant, density_from_sparsity

_WITHOUT_DEATHS = ("growth", "death", "redistribution", "decay", "update_interval")  # no effect if static
_FIRST = ("criterion", "weight_scale")  # of rules and, where they fit, of named methods
_SCHEDULE = "density_schedule"
_AT_ONCE_ALONE = (*_WITHOUT_DEATHS, "death_rate", "weight_scale")  # no effect where weights die gradually
_FACTOR = "density_factor:"  # and a matrix: the exponent of its factor
_BESIDE = ("learning_rate", "dropout", "distillation", "temperature", "sparsity")
AT_ONCE = "constant"  # the density schedule of variants that are sparse from the start
_ALL_MATRICES = "*"  # stands for them until the network is known; one factor for all changes nothing


class SpaceConfig(PatternChoices):
    """The choices, and what holds for every variant. The default choices are the space of the paper."""

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
        (), description="Learning rates of the first epoch; empty for the recipe's alone."
    )
    dropout: tuple[float, ...] | FloatRange = Field(
        (), description="Dropout of the network; empty for the model's alone."
    )
    sparsity: tuple[float, ...] | FloatRange = Field(
        (), description="Sparsities; empty for the search's alone."
    )
    criterion: tuple[str, ...] = Field(
        ("random",),
        min_length=1,
        exclude_if=lambda given: given == ("random",),
        description="Which weights live first: random for fresh weights; magnitude, global_magnitude, taylor "
        "or random for trained ones.",
    )
    weight_scale: tuple[str, ...] = Field(
        ("dense",),
        min_length=1,
        exclude_if=lambda given: given == ("dense",),
        description="How large fresh weights are once they are masked: dense as published, or fan_in.",
    )
    density_factor: ExponentRange | None = Field(
        None,
        exclude_if=lambda given: given is None,
        description="Range of u in 2^u, the factor on each matrix's share of the first live weights, "
        "chosen for each matrix; the total stays exact. Leave out for no factors.",
    )
    distillation: tuple[float, ...] | FloatRange = Field(
        (),
        exclude_if=lambda given: given == (),
        description="Weights a of the dense network's answers, (1 - a) loss + a T^2 KL(dense || "
        "candidate); empty for the data alone.",
    )
    temperature: tuple[float, ...] | PositiveRange = Field(
        (), exclude_if=lambda given: given == (), description="Temperatures T of distillation; empty for 1."
    )
    density_schedule: tuple[str, ...] = Field(
        (AT_ONCE,),
        min_length=1,
        exclude_if=lambda given: given == (AT_ONCE,),
        description="When weights are pruned: constant (at once, before the first step) or gradual (little "
        "by little over the first three quarters of the budget; nothing grows).",
    )
    prune_every: int = Field(
        100, exclude=True, description="Steps between gradual prunings. Filled in once the budget is known."
    )
    matrices: tuple[str, ...] = Field(
        (_ALL_MATRICES,), exclude=True, description="Filled in once the network is known."
    )
    when: dict[str, dict[str, tuple[str | int | float, ...]]] = Field(
        {},
        description="Conditions: when.death_rate = { method = ['rules', 'rigl'] } makes the choice "
        "only with these values of another; otherwise its first value is taken, or the "
        "method's own.",
    )
    exclude: tuple[str, ...] = Field(
        (),
        description="Patterns of the parameters that stay dense, such as decoder. Several with commas on the "
        "command line.",
    )
    densities: dict[str, float] = Field(
        {}, description="Density at the start of the parameters that a pattern names."
    )
    share_budget: tuple[tuple[str, ...], ...] = Field(
        (), description="Groups of patterns of parameters that share one budget."
    )

    @model_validator(mode="after")
    def _every_value_is_known(self) -> "SpaceConfig":
        """Build a variant of each value once, so that a wrong name fails before any training."""
        check_numbers({name: getattr(self, name) for name in _BESIDE})
        for name in self.method:
            if name != RULES:
                METHODS[name]
        check_conditions(self.when, [dimension.name for dimension in self.dimensions])
        for _ in self.examples(0.5):
            pass
        return self

    @property
    def dimensions(self) -> tuple[Dimension, ...]:
        """The choices in the order in which they are made."""
        names = [] if self.method == (RULES,) else ["method"]
        names += CHOSEN_BY_RULES if self._rules_are_chosen and self.growing else []
        names += [name for name in (*_FIRST, _SCHEDULE, *NAMES) if len(getattr(self, name)) > 1]
        if AT_ONCE not in self.density_schedule:
            names = [name for name in names if name not in _AT_ONCE_ALONE]
        names += [name for name in _BESIDE if getattr(self, name)]
        chosen = [Dimension(name, getattr(self, name), self._condition(name)) for name in names]
        if self.density_factor is not None:
            chosen += [Dimension(f"{_FACTOR}{name}", self.density_factor) for name in self.matrices]
        return in_order(chosen)

    @property
    def only_at_once(self) -> bool:
        """Whether every variant is sparse from its first step."""
        return self.density_schedule == (AT_ONCE,)

    @property
    def distils(self) -> bool:
        """Whether a candidate may learn from the dense network."""
        return any(
            dimension.name == "distillation" and any(dimension.examples) for dimension in self.dimensions
        )

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
            needed = {name: values[0] for name, values in dimension.when.items()}
            every = self.method if dimension.name in NAMES else (RULES,)
            for value in dimension.examples if dimension.name != "method" else ():
                for name in dimension.when.get("method", every):
                    yield self.choice({**first, **needed, "method": name, dimension.name: value}, density)

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
        rules = {name: value for name, value in params.items() if name not in _BESIDE}
        beside = {name: params.get(name) for name in _BESIDE if name != "sparsity"}
        method = params.get("method", RULES)
        return Choice(self.variant(rules, density), **beside, method=None if method == RULES else method)

    def variant(self, params: Mapping[str, Any], density: float) -> PruningVariant:
        """The pruning variant of a trial's parameters."""
        rules = dict(params)
        name = rules.pop("method", RULES)
        kept: dict[str, Any] = {
            "exclude": self.exclude,
            "densities": tuple(self.densities.items()),
            "share_budget": self.share_budget,
        }
        begin = self._first_masks(rules)
        schedule = rules.pop(_SCHEDULE, self.density_schedule[0])
        grain = {key: rules.pop(key, values[0]) for key, values in self.grain.items()}
        if name != RULES:
            given = {key: value for key, value in rules.items() if key in self._given_to(name)}
            method = METHODS[name].at(density, **given, **kept)
            if method.scheduled:
                begin.pop("criterion")
            if method.pattern == "1x1":  # one that has a pattern has its own diagonal and gates too
                begin = fitted({}, grain, begin.get("criterion", "random")) | begin
                begin["death_rate"] = method.death_rate  # units refuse one that grows
            return replace(method, **begin | {"weight_scale": method.weight_scale})
        if CRITERION[begin["criterion"]].overall:
            rules["sparse_init"] = "uniform"  # such a criterion finds each matrix's count itself
        kept |= begin
        first = {
            key: _first(getattr(self, key))
            for key in CHOSEN_BY_RULES
            if key in self.when or self._may_be_left_out
        }
        fields = fitted({**first, **rules}, grain, begin["criterion"])
        if schedule != AT_ONCE:
            fields = {name: value for name, value in fields.items() if name not in _WITHOUT_DEATHS}
            fields |= {_SCHEDULE: schedule, "death_rate": 0.0, "update_interval": self.prune_every}
            kept["weight_scale"] = "dense"  # it begins with all weights as they are
        return PruningVariant(density=density, **fields, **kept)

    def _first_masks(self, rules: dict[str, Any]) -> dict[str, Any]:
        """Criterion, scale and factors of a trial, taken out of its rules."""
        begin = {name: rules.pop(name, getattr(self, name)[0]) for name in _FIRST}
        exponents = {name: rules.pop(name) for name in list(rules) if name.startswith(_FACTOR)}
        factors = {name.removeprefix(_FACTOR): 2.0**u for name, u in exponents.items()}
        factors.pop(_ALL_MATRICES, None)
        return {**begin, "density_factors": tuple(factors.items())}

    @property
    def conditional(self) -> bool:
        """Whether some choices are asked for in some trials only."""
        return any(dimension.when for dimension in self.dimensions)

    @property
    def _rules_are_chosen(self) -> bool:
        return RULES in self.method or any(name in self.when for name in CHOSEN_BY_RULES)

    @property
    def _may_be_static(self) -> bool:
        """Whether the death rate is a choice between none and some."""
        rates = self.death_rate
        return isinstance(rates, tuple) and 0.0 in rates and len(set(rates)) > 1

    @property
    def _may_be_left_out(self) -> bool:
        """Whether some variants have no topology updates."""
        return self._may_be_static or self._may_ramp or not self.only_growing

    @property
    def _may_ramp(self) -> bool:
        """Whether the density schedule is a choice."""
        return len(self.density_schedule) > 1

    def _condition(self, name: str) -> dict[str, tuple[Any, ...]]:
        """What the user demands, and what follows from the meaning of the choices."""
        given: dict[str, tuple[Any, ...]] = dict(self.when.get(name, {}))
        if name in (*CHOSEN_BY_RULES, _SCHEDULE) and self.method != (RULES,):
            given.setdefault("method", (RULES,))
        if name in _AT_ONCE_ALONE and self._may_ramp:
            given.setdefault(_SCHEDULE, (AT_ONCE,))
        if name in _WITHOUT_DEATHS and self._may_be_static and isinstance(self.death_rate, tuple):
            given.setdefault("death_rate", tuple(rate for rate in self.death_rate if rate > 0))
        if name in (*CHOSEN_BY_RULES, *NAMES[1:]) and self.growing and not self.only_growing:
            given.setdefault("pattern", self.growing)
        return given

    def _given_to(self, method: str) -> tuple[str, ...]:
        """Choices that are made beside a named method."""
        return tuple(key for key in CHOSEN_BY_RULES if method in self.when.get(key, {}).get("method", ()))


def _first(options: tuple[Any, ...] | Range) -> Any:
    return options.low if isinstance(options, Range) else options[0]
