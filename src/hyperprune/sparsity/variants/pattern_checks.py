"""What makes a pattern impossible beside the other choices, and why."""

from hyperprune.errors import ConfigurationError
from hyperprune.sparsity.criterion import CRITERION
from hyperprune.sparsity.death import DEATH
from hyperprune.sparsity.density_schedule import DENSITY_SCHEDULE
from hyperprune.sparsity.pattern import PATTERN
from hyperprune.sparsity.variants.fields import VariantFields


def check_pattern(variant: VariantFields) -> None:
    """The pattern, the diagonal and the densities of gates fit the rules beside them."""
    rule = PATTERN[variant.pattern]
    changes = variant.death_rate > 0 or DENSITY_SCHEDULE[variant.density_schedule].span is not None
    if changes and not rule.single and DEATH[variant.death].signed:
        able = ", ".join(name for name in DEATH if not DEATH[name].signed)
        raise ConfigurationError(
            f"death {variant.death!r} goes by the signs of weights, which the blocks of pattern "
            f"{variant.pattern!r} do not have: choose one of {able}"
        )
    if not rule.grows:
        _check_units(variant)
    _check_gates(variant)


def _check_units(variant: VariantFields) -> None:
    if variant.death_rate > 0:
        raise ConfigurationError(
            f"pattern {variant.pattern!r} only prunes, because a unit without weights has no gradients to "
            f"grow by, got death_rate {variant.death_rate}: give death_rate 0, with a criterion or a density "
            "schedule"
        )
    given = [
        name
        for name in ("sparse_init", "densities", "share_budget", "keep_diagonal", "gate_densities")
        if getattr(variant, name) != getattr(VariantFields, name)
    ]
    if given:
        raise ConfigurationError(
            f"pattern {variant.pattern!r} takes whole units, which cut across matrices and gates, got "
            f"{', '.join(given)}, which would have no effect: leave them out; density_factors of recurrent "
            "matrices weigh layers"
        )


def _check_gates(variant: VariantFields) -> None:
    for gate, density in variant.gate_densities:
        if not 0 < density <= 1:
            raise ConfigurationError(
                f"a density of a gate must lie in (0, 1], got {density} for {gate}: give one such as 0.3"
            )
    overall = CRITERION[variant.criterion].overall or (
        DENSITY_SCHEDULE[variant.density_schedule].span is not None
        and DEATH[variant.death].exactly_overall is not None
    )
    if variant.gate_densities and overall:
        raise ConfigurationError(
            "one ranking of all matrices finds the counts of gates itself, got gate_densities, which would "
            "have no effect: leave them out, or rank within matrices"
        )
