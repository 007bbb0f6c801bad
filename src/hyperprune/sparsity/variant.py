"""One choice of pruning configuration, checked when it is made."""

import dataclasses
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from hyperprune.errors import ConfigurationError
from hyperprune.sparsity.allocation import SPARSE_INIT
from hyperprune.sparsity.death import DEATH
from hyperprune.sparsity.decay import DECAY
from hyperprune.sparsity.growth import GROWTH
from hyperprune.sparsity.redistribution import REDISTRIBUTION

Interval = int | Literal["epoch"] | None


@dataclass(frozen=True, kw_only=True)
class PruningVariant:
    """A point of the space of pruning variants; an impossible one cannot be made.

    Attributes:
        density: fraction of live weights over all prunable matrices together, in (0, 1].
        sparse_init: name in ``SPARSE_INIT``; where the live weights are at the start.
        death: name in ``DEATH``; which live weights die.
        growth: name in ``GROWTH``, or ``none`` with a ``ramp``; which dead weights come alive.
        redistribution: name in ``REDISTRIBUTION``; how the deaths are shared out between the matrices.
        death_rate: fraction of the live weights that die at an update, in [0, 1); 0 is static.
        decay: name in ``DECAY``; how the death rate falls over the full budget.
        update_interval: ``epoch``, a number of steps, or None for updates by hand.
        exclude: patterns of parameters that stay dense.
        densities: (pattern, density) of parameters whose density at the start is given; the first match
            counts.
        share_budget: groups of patterns of parameters that share one budget.
        ramp: fractions of the budget's steps between which the density falls from 1 to ``density`` and stays;
            equal ones are one shot; None keeps ``density`` from the start.

    Raises:
        UnknownNameError: a rule that no registry holds.
        ConfigurationError: a value outside its range, or a combination that cannot work; says why.
    """

    density: float
    sparse_init: str = "uniform"
    death: str = "magnitude"
    growth: str = "random"
    redistribution: str = "none"
    death_rate: float = 0.5
    decay: str = "cosine"
    update_interval: Interval = "epoch"
    exclude: tuple[str, ...] = ()
    densities: tuple[tuple[str, float], ...] = ()
    share_budget: tuple[tuple[str, ...], ...] = ()
    ramp: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        self._freeze()
        self._check_names()
        self._check_numbers()
        if self.ramp is not None:
            self._check_ramp()

    @property
    def static(self) -> bool:
        """True if the masks never change."""
        return self.death_rate == 0 and self.ramp is None

    @property
    def needs_gradient(self) -> bool:
        """True if an update reads gradients, so that it must come after the backward pass."""
        return not self.static and self.ramp is None and GROWTH[self.growth].needs == "gradient"

    @property
    def needs_momentum(self) -> bool:
        """True if an update reads the optimiser's momenta."""
        return not self.static and (
            self.keeps_dead_momentum or REDISTRIBUTION[self.redistribution].needs_momentum
        )

    @property
    def keeps_dead_momentum(self) -> bool:
        """True if growth reads the momenta of dead weights, so that the optimiser must keep them."""
        return not self.static and self.ramp is None and GROWTH[self.growth].needs == "momentum"

    def canonical(self) -> "PruningVariant":
        """The one variant that stands for all that give the same network: what has no effect takes its
        default.
        """
        if self.static:
            plain = PruningVariant(density=self.density, death_rate=0.0)
            return dataclasses.replace(
                plain,
                sparse_init=self.sparse_init,
                update_interval=None,
                exclude=tuple(sorted(set(self.exclude))),
                densities=self.densities,
                share_budget=self.share_budget,
            )
        return dataclasses.replace(self, exclude=tuple(sorted(set(self.exclude))))

    def to_dict(self) -> dict[str, Any]:
        """All fields as values that JSON and TOML can hold."""
        return {name: _plain(value) for name, value in dataclasses.asdict(self).items()}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "PruningVariant":
        """The inverse of :meth:`to_dict`.

        Raises:
            ConfigurationError: an unknown field, or any that the constructor raises.
        """
        known = [field.name for field in dataclasses.fields(cls)]
        for name in values:
            if name not in known:
                raise ConfigurationError(
                    f"unknown field {name!r} of a variant: choose among {', '.join(known)}"
                )
        if "density" not in values:
            raise ConfigurationError("a variant needs a density, got none: give one such as 0.33")
        return cls(**values)

    def key(self) -> str:
        """The canonical form as one line of JSON: equal keys are equal networks."""
        return json.dumps(self.canonical().to_dict(), sort_keys=True, separators=(",", ":"))

    def _freeze(self) -> None:
        given: Any = self.densities  # a table of a TOML file comes as a mapping
        pairs = given.items() if isinstance(given, Mapping) else given
        frozen: dict[str, object] = {
            "exclude": patterns("exclude", self.exclude),
            "densities": tuple((str(pattern), float(density)) for pattern, density in pairs),
            "share_budget": tuple(patterns("share_budget", group) for group in self.share_budget),
            "ramp": None if self.ramp is None else (float(self.ramp[0]), float(self.ramp[1])),
        }
        for name, value in frozen.items():
            object.__setattr__(self, name, value)

    def _check_names(self) -> None:
        # indexing raises an error that lists the known names
        (
            SPARSE_INIT[self.sparse_init],
            DEATH[self.death],
            DECAY[self.decay],
            REDISTRIBUTION[self.redistribution],
        )
        if self.ramp is None or self.growth != "none":
            GROWTH[self.growth]

    def _check_numbers(self) -> None:
        for name, density in (("density", self.density), *self.densities):
            if not 0 < density <= 1:
                raise ConfigurationError(
                    f"a density must lie in (0, 1], got {density} for {name}: give a fraction such as 0.33"
                )
        if not 0 <= self.death_rate < 1:
            raise ConfigurationError(
                f"death_rate must lie in [0, 1), got {self.death_rate}: give a fraction such as 0.5"
            )
        interval = self.update_interval
        if interval not in (None, "epoch") and (type(interval) is not int or interval < 1):
            raise ConfigurationError(
                f'update_interval must be "epoch", a number of steps from 1, or None, got {interval!r}'
            )

    def _check_ramp(self) -> None:
        begin, end = self.ramp or (0.0, 0.0)
        if not 0 <= begin <= end < 1:
            raise ConfigurationError(
                f"ramp must be two fractions of the budget, 0 <= begin <= end < 1, got ({begin}, {end}): "
                "give such as (0.0, 0.75)"
            )
        if self.growth != "none" or self.redistribution != "none" or self.death_rate != 0:
            raise ConfigurationError(
                "a ramp only removes weights, so it needs growth 'none', redistribution 'none' and "
                f"death_rate 0, got {self.growth!r}, {self.redistribution!r} and {self.death_rate}: leave "
                "out one or the other"
            )
        if self.death not in ("magnitude", "global_magnitude"):
            raise ConfigurationError(
                f"a ramp's death must be 'magnitude' or 'global_magnitude', got {self.death!r}: a rule with "
                "a count of its own cannot follow a ramp"
            )
        if self.death == "global_magnitude" and (self.sparse_init != "uniform" or self.densities):
            raise ConfigurationError(
                f"a ramp by 'global_magnitude' finds each matrix's count itself, got sparse_init "
                f"{self.sparse_init!r} and {len(self.densities)} densities, which would have no effect: "
                "leave them out"
            )


def patterns(name: str, given: Sequence[str]) -> tuple[str, ...]:
    """A list of patterns as a tuple; a lone string is refused, because its letters would be taken for
    patterns.
    """
    if isinstance(given, str):
        raise ConfigurationError(
            f"{name} must be a list of patterns, got the string {given!r}: put it in a list"
        )
    return tuple(given)


def _plain(value: object) -> object:
    return [_plain(item) for item in value] if isinstance(value, tuple) else value
