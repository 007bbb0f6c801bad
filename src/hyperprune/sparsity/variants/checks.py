"""What makes a variant impossible, and why."""

import math
from typing import Any

from hyperprune.errors import ConfigurationError
from hyperprune.registry import Registry
from hyperprune.sparsity.allocation import SPARSE_INIT
from hyperprune.sparsity.criterion import CRITERION
from hyperprune.sparsity.death import DEATH
from hyperprune.sparsity.decay import DECAY
from hyperprune.sparsity.density_schedule import DENSITY_SCHEDULE
from hyperprune.sparsity.growth import GROWTH
from hyperprune.sparsity.pattern import PATTERN
from hyperprune.sparsity.redistribution import REDISTRIBUTION
from hyperprune.sparsity.variants.fields import VariantFields
from hyperprune.sparsity.weight_scale import WEIGHT_SCALE

ROLES: dict[str, Registry[Any]] = {
    "sparse_init": SPARSE_INIT,
    "death": DEATH,
    "growth": GROWTH,
    "redistribution": REDISTRIBUTION,
    "decay": DECAY,
    "density_schedule": DENSITY_SCHEDULE,
    "weight_scale": WEIGHT_SCALE,
    "criterion": CRITERION,
    "pattern": PATTERN,
}

# what has an effect only where weights grow again
_GROWING = ("growth", "redistribution", "decay", "update_until")


def check_names(variant: VariantFields) -> None:
    """Every rule is registered; the error of a registry lists the known ones."""
    for field, registry in ROLES.items():
        registry[getattr(variant, field)]


def check_numbers(variant: VariantFields) -> None:
    """Every number lies in its range."""
    for name, density in (("density", variant.density), *variant.densities):
        if not 0 < density <= 1:
            raise ConfigurationError(
                f"a density must lie in (0, 1], got {density} for {name}: give a fraction such as 0.33"
            )
    for name, factor in variant.density_factors:
        if not 0 < factor < math.inf:
            raise ConfigurationError(
                f"a density factor must be above 0 and finite, got {factor} for {name}: 1 changes nothing"
            )
    if not 0 <= variant.death_rate < 1:
        raise ConfigurationError(
            f"death_rate must lie in [0, 1), got {variant.death_rate}: give a fraction such as 0.5"
        )
    interval = variant.update_interval
    if interval not in (None, "epoch") and (type(interval) is not int or interval < 1):
        raise ConfigurationError(
            f'update_interval must be "epoch", a number of steps from 1, or None, got {interval!r}'
        )
    if not 0 < variant.update_until <= 1:
        raise ConfigurationError(
            f"update_until must lie in (0, 1], got {variant.update_until}: give the fraction of the budget "
            "at which updates end, such as 0.75"
        )


def check_options(variant: VariantFields) -> None:
    """The death rule knows its options."""
    known = DEATH[variant.death].options
    for name, value in variant.death_options:
        if name not in known:
            has = f"it has {', '.join(sorted(known))}" if known else "it has none"
            raise ConfigurationError(
                f"death_options must be options of the death rule, {variant.death!r} has no {name!r}: {has}"
            )
        if not 0 <= value < 1:
            raise ConfigurationError(
                f"an option of a death rule must lie in [0, 1), got {value} for {name}: the default is "
                f"{known[name]}"
            )


def check_schedule(variant: VariantFields) -> None:
    """A density schedule and the rules beside it fit."""
    schedule = DENSITY_SCHEDULE[variant.density_schedule]
    if schedule.span is None:
        if variant.schedule_span is not None:
            raise ConfigurationError(
                f"density schedule {variant.density_schedule!r} has no span, got {variant.schedule_span}: "
                "leave schedule_span out"
            )
        return
    _check_span(variant, *(variant.schedule_span or schedule.span), instant=schedule.instant)
    unused = [n for n in _GROWING if getattr(variant, n) != getattr(VariantFields, n)]
    if variant.death_rate != 0 or unused:
        others = "".join(f", {name} {getattr(variant, name)!r}" for name in unused)
        raise ConfigurationError(
            f"density schedule {variant.density_schedule!r} only removes weights and ends with its span, so "
            f"death_rate must be 0 and {', '.join(_GROWING)} are not given, got death_rate "
            f"{variant.death_rate}{others}: leave out one or the other"
        )
    if not DEATH[variant.death].follows_schedule:
        able = ", ".join(name for name in DEATH if DEATH[name].follows_schedule)
        raise ConfigurationError(
            f"death {variant.death!r} counts for itself and cannot follow density schedule "
            f"{variant.density_schedule!r}: choose one of {able}"
        )
    if WEIGHT_SCALE[variant.weight_scale].factors is not None:
        raise ConfigurationError(
            f"density schedule {variant.density_schedule!r} begins with all weights as they are, got "
            f"weight_scale {variant.weight_scale!r}, which would have no effect: leave it out"
        )
    if DEATH[variant.death].exactly_overall is not None:
        _check_overall(variant, f"density schedule {variant.density_schedule!r} by {variant.death!r}")


def check_first_masks(variant: VariantFields) -> None:
    """The first masks and the weights under them fit."""
    criterion = CRITERION[variant.criterion]
    if criterion.trained and WEIGHT_SCALE[variant.weight_scale].factors is not None:
        raise ConfigurationError(
            f"weight_scale {variant.weight_scale!r} is for fresh weights, criterion {variant.criterion!r} "
            "keeps trained ones: leave out one of them"
        )
    if criterion.overall and (variant.sparse_init != VariantFields.sparse_init or variant.densities):
        raise ConfigurationError(
            f"criterion {variant.criterion!r} finds each matrix's count itself, got sparse_init "
            f"{variant.sparse_init!r} and {len(variant.densities)} densities, which would have no effect: "
            "leave them out"
        )


def _check_span(variant: VariantFields, begin: float, end: float, *, instant: bool) -> None:
    if not 0 <= begin <= end < 1:
        raise ConfigurationError(
            f"schedule_span must be two fractions of the budget, 0 <= begin <= end < 1, got ({begin}, "
            f"{end}): give a span such as (0.0, 0.75)"
        )
    if instant and begin != end:
        raise ConfigurationError(
            f"density schedule {variant.density_schedule!r} falls at one moment, got a span from {begin} to "
            f"{end}: give the moment twice"
        )


def _check_overall(variant: VariantFields, who: str) -> None:
    given = [
        name
        for name in ("sparse_init", "densities", "density_factors", "criterion")
        if getattr(variant, name) != getattr(VariantFields, name)
    ]
    if given:
        raise ConfigurationError(
            f"{who} finds each matrix's count itself, got {', '.join(given)}, which would have no effect: "
            "leave them out"
        )
