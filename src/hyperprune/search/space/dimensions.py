"""The single choices of a space, in the order in which they are made."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from optuna.trial import Trial

from hyperprune.errors import ConfigurationError
from hyperprune.search.space.ranges import ExponentRange, FloatRange, PositiveRange, Range


@dataclass(frozen=True)
class Dimension:
    """One choice.

    Attributes:
        name: its key in ``[space]``.
        options: the values, or the range that they come from.
        when: values of other choices with which it is made, by their names; all must hold.
    """

    name: str
    options: tuple[Any, ...] | Range
    when: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)

    def asked(self, chosen: Mapping[str, Any]) -> bool:
        """Whether it is made, after the choices it depends on; one that was not made fails a condition."""
        return all(name in chosen and chosen[name] in values for name, values in self.when.items())

    def suggest(self, trial: Trial) -> None:
        """Let an Optuna trial choose."""
        if isinstance(self.options, FloatRange):
            trial.suggest_float(self.name, self.options.low, self.options.high, step=self.options.step)
        elif isinstance(self.options, PositiveRange):
            trial.suggest_float(self.name, self.options.low, self.options.high, log=self.options.log)
        elif isinstance(self.options, ExponentRange):
            trial.suggest_float(self.name, self.options.low, self.options.high)
        else:
            trial.suggest_categorical(self.name, self.options)

    @property
    def examples(self) -> tuple[Any, ...]:
        """All values, or both ends of a range."""
        if isinstance(self.options, Range):
            return (self.options.low, self.options.high)
        return self.options

    @property
    def points(self) -> tuple[Any, ...] | None:
        """All values; none where there is no end of them."""
        if isinstance(self.options, FloatRange) and self.options.step is not None:
            low, high, step = self.options.low, self.options.high, self.options.step
            return tuple(
                round(low + place * step, 12) for place in range(int((high - low) / step + 1e-9) + 1)
            )
        if isinstance(self.options, Range):
            return (self.options.low,) if self.options.low == self.options.high else None
        return self.options

    @property
    def numeric(self) -> bool:
        """Whether it is a range that holds more than one value."""
        return isinstance(self.options, Range) and self.options.low < self.options.high


def in_order(dimensions: Sequence[Dimension]) -> tuple[Dimension, ...]:
    """The choices as they stand, but each after those that its conditions name.

    Raises:
        ConfigurationError: a condition names no choice, or a value that it does not have, or they go round.
    """
    names = {dimension.name: dimension for dimension in dimensions}
    for dimension in dimensions:
        for other, values in dimension.when.items():
            _check_condition(dimension.name, other, values, names)
    left = list(dimensions)
    ordered: list[Dimension] = []
    while left:
        placed = {dimension.name for dimension in ordered}
        ready = next((one for one in left if set(one.when) <= placed), None)
        if ready is None:
            raise ConfigurationError(
                f"the conditions of [space.when] go round in a circle ({', '.join(d.name for d in left)}): "
                "take one of them out"
            )
        ordered.append(ready)
        left.remove(ready)
    return tuple(ordered)


def _check_condition(name: str, other: str, values: Sequence[Any], names: Mapping[str, Dimension]) -> None:
    if other not in names:
        raise ConfigurationError(
            f"space.when.{name} names {other!r}, which is not a choice of this space: take one of "
            f"{', '.join(sorted(names))}"
        )
    known = names[other].points
    unknown = [] if known is None else [value for value in values if value not in known]
    if known is None or unknown or not values:
        got = unknown[0] if unknown else "no value" if not values else "a range"
        raise ConfigurationError(
            f"space.when.{name}.{other} lists values of {other} with which {name} is chosen, got {got!r}: "
            f"give some of {known if known is not None else 'a list of values in place of the range'}"
        )
