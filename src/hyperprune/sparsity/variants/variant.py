"""One choice of pruning configuration, checked when it is made."""

import dataclasses
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hyperprune.errors import ConfigurationError
from hyperprune.sparsity.criterion import CRITERION
from hyperprune.sparsity.death import DEATH
from hyperprune.sparsity.density_schedule import DENSITY_SCHEDULE
from hyperprune.sparsity.growth import GROWTH
from hyperprune.sparsity.redistribution import REDISTRIBUTION
from hyperprune.sparsity.variants import checks, stored
from hyperprune.sparsity.variants.fields import VariantFields
from hyperprune.sparsity.variants.pattern_checks import check_pattern

Numbers = Mapping[str, float] | Sequence[tuple[str, float]]
WITHOUT_DEATHS = ("death", "death_options", "growth", "redistribution", "decay", "update_until")
WITHOUT_GROWTH = ("growth", "redistribution", "decay", "death_options")


@dataclass(frozen=True, kw_only=True)
class PruningVariant(VariantFields):
    """A point of the space of pruning variants; an impossible one cannot be made.

    Its fields are those of :class:`~hyperprune.sparsity.variants.fields.VariantFields`.

    Raises:
        UnknownNameError: a rule that no registry holds.
        ConfigurationError: a value outside its range, or a combination that cannot work; says why.
    """

    def __post_init__(self) -> None:
        self._freeze()
        checks.check_names(self)
        checks.check_numbers(self)
        checks.check_options(self)
        checks.check_schedule(self)
        checks.check_first_masks(self)
        check_pattern(self)
        if self.scheduled and self.schedule_span is None:
            object.__setattr__(self, "schedule_span", DENSITY_SCHEDULE[self.density_schedule].span)

    @property
    def scheduled(self) -> bool:
        """True if the density falls while the network trains."""
        return DENSITY_SCHEDULE[self.density_schedule].span is not None

    @property
    def static(self) -> bool:
        """True if the masks never change."""
        return self.death_rate == 0 and not self.scheduled

    @property
    def grows(self) -> bool:
        """True if weights die and grow."""
        return self.death_rate > 0

    @property
    def needs_gradient(self) -> bool:
        """True if an update reads gradients, so that it must come after the backward pass."""
        return self.grows and GROWTH[self.growth].needs == "gradient"

    @property
    def needs_momentum(self) -> bool:
        """True if an update reads the optimiser's momenta."""
        return self.keeps_dead_momentum or (self.grows and REDISTRIBUTION[self.redistribution].needs_momentum)

    @property
    def keeps_dead_momentum(self) -> bool:
        """True if growth reads the momenta of dead weights, so that the optimiser must keep them."""
        return self.grows and GROWTH[self.growth].needs == "momentum"

    @property
    def trained(self) -> bool:
        """True if the first masks read the values of the weights, which must be trained then."""
        return CRITERION[self.criterion].trained

    @property
    def at_once(self) -> "PruningVariant":
        """This variant without its schedule: sparse from the start, by the criterion, and static."""
        if not self.scheduled:
            return self
        changes: dict[str, Any] = {"density_schedule": "constant", "schedule_span": None}
        return dataclasses.replace(self, **changes, update_interval=None)

    def density_at(self, progress: float) -> float:
        """Density when ``progress`` of the budget's steps are taken."""
        span = self.schedule_span or (0.0, 0.0)
        return DENSITY_SCHEDULE[self.density_schedule].density(self.density, span, progress)

    def canonical(self) -> "PruningVariant":
        """The one variant that stands for all that give the same network: what has no effect takes its
        default.
        """
        default = {field.name: field.default for field in dataclasses.fields(self)}
        own = DEATH[self.death].options
        values: dict[str, Any] = {
            "exclude": tuple(sorted(set(self.exclude))),
            "death_options": tuple(sorted(o for o in self.death_options if o != (o[0], own[o[0]]))),
            "density_factors": tuple(f for f in self.density_factors if f[1] != 1),
        }
        if self.static:
            values |= {name: default[name] for name in WITHOUT_DEATHS}
            values |= {"death_rate": 0.0, "update_interval": None, "update_replaces_step": False}
        elif self.scheduled:
            values |= {name: default[name] for name in WITHOUT_GROWTH} | {"death_rate": 0.0}
            if self.trained and not CRITERION[self.criterion].overall:
                values["criterion"] = "magnitude"  # all leave as many weights of each matrix
        return dataclasses.replace(self, **values)

    def to_dict(self) -> dict[str, Any]:
        """Fields as values that JSON and TOML can hold; what is rarely set only where it is set."""
        return stored.written(dataclasses.asdict(self))

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "PruningVariant":
        """The inverse of :meth:`to_dict`; takes what earlier versions wrote too.

        Raises:
            ConfigurationError: an unknown field, or any that the constructor raises.
        """
        known = [field.name for field in dataclasses.fields(cls)]
        fields = stored.read(values)
        for name in fields:
            if name not in known:
                raise ConfigurationError(
                    f"unknown field {name!r} of a variant: choose among {', '.join(known)}"
                )
        if "density" not in fields:
            raise ConfigurationError("a variant needs a density, got none: give one such as 0.33")
        return cls(**fields)

    def key(self) -> str:
        """The canonical form as one line of JSON: equal keys are equal networks."""
        document = stored.key_document(self.canonical().to_dict())
        return json.dumps(document, sort_keys=True, separators=(",", ":"))

    def mask_key(self) -> str:
        """The key of what decides the masks, for their seed: variants that differ in the scale of the first
        weights alone share their masks.
        """
        return dataclasses.replace(self, weight_scale="dense").key()

    def _freeze(self) -> None:
        span = self.schedule_span
        frozen: dict[str, object] = {
            "exclude": patterns("exclude", self.exclude),
            "densities": pairs(self.densities),
            "share_budget": tuple(patterns("share_budget", group) for group in self.share_budget),
            "schedule_span": None if span is None else (float(span[0]), float(span[1])),
            "death_options": pairs(self.death_options),
            "density_factors": pairs(self.density_factors),
            "keep_diagonal": bool(self.keep_diagonal),
            "gate_densities": pairs(self.gate_densities),
        }
        for name, value in frozen.items():
            object.__setattr__(self, name, value)


def patterns(name: str, given: Sequence[str]) -> tuple[str, ...]:
    """A list of patterns as a tuple; a lone string is refused, because its letters would be taken for
    patterns.
    """
    if isinstance(given, str):
        raise ConfigurationError(
            f"{name} must be a list of patterns, got the string {given!r}: put it in a list"
        )
    return tuple(given)


def pairs(given: Numbers) -> tuple[tuple[str, float], ...]:
    """Names and numbers; a table of a TOML file comes as a mapping."""
    both = given.items() if isinstance(given, Mapping) else given
    return tuple((str(name), float(number)) for name, number in both)
