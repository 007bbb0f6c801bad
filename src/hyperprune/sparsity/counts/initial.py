"""How many weights of each matrix are live at the start."""

from collections.abc import Sequence

from hyperprune.errors import ConfigurationError
from hyperprune.sparsity.allocation import SPARSE_INIT
from hyperprune.sparsity.counts.apportion import with_capacity
from hyperprune.sparsity.counts.density import live_total
from hyperprune.sparsity.parameters.prunable import Prunable, matches


def initial_counts(
    prunable: Prunable,
    sparse_init: str,
    density: float,
    densities: Sequence[tuple[str, float]] = (),
    factors: Sequence[tuple[str, float]] = (),
) -> dict[str, int]:
    """Live weights by budget: floor(D * N + 0.5) in all.

    A budget that ``densities`` names has its own count, floor(d * n + 0.5); the others share what is left of
    the total by the rule ``sparse_init``, each share times its factor.

    Raises:
        ConfigurationError: a pattern names no prunable matrix, not one weight would live, or the densities
            leave too many or too few for the other matrices.
    """
    shapes = budget_shapes(prunable)
    sizes = {name: sum(prunable.parameters[m].numel() for m in ms) for name, ms in prunable.budgets.items()}
    total = live_total(density, sum(sizes.values()))
    if total < 1:
        raise ConfigurationError(
            f"at least one weight must live, got density {density} of {sum(sizes.values())} weights: raise it"
        )
    given = {
        name: live_total(d, sizes[name]) for name, d in by_pattern(prunable, "densities", densities).items()
    }
    rest = {name: size for name, size in sizes.items() if name not in given}
    left = total - sum(given.values())
    if not 0 <= left <= sum(rest.values()):
        raise ConfigurationError(
            f"density {density} means {total} live weights, got densities that take {sum(given.values())} "
            f"and leave {left} to matrices of {sum(rest.values())} weights: change the density or the "
            "densities"
        )
    shares = SPARSE_INIT[sparse_init].shares({name: shapes[name] for name in rest})
    times = by_pattern(prunable, "density_factors", factors)
    shares = {name: share * times.get(name, 1.0) for name, share in shares.items()}
    counts = with_capacity(shares, left, rest) | given
    return {name: counts[name] for name in sizes}


def budget_shapes(prunable: Prunable) -> dict[str, tuple[int, ...]]:
    """Shape of each budget: its members stacked along the rows."""
    shapes: dict[str, tuple[int, ...]] = {}
    for name, members in prunable.budgets.items():
        rows = sum(prunable.parameters[member].shape[0] for member in members)
        shapes[name] = (rows, *prunable.parameters[name].shape[1:])
    return shapes


def by_pattern(prunable: Prunable, what: str, values: Sequence[tuple[str, float]]) -> dict[str, float]:
    """Values by budget; the first pattern that names one of its matrices counts.

    Raises:
        ConfigurationError: a pattern names no prunable matrix.
    """
    given: dict[str, float] = {}
    for pattern, value in values:
        found = [
            name
            for name, members in prunable.budgets.items()
            if any(matches(member, pattern) for member in members)
        ]
        if not found:
            raise ConfigurationError(
                f"the pattern {pattern!r} of {what} names no prunable matrix: choose among "
                f"{', '.join(prunable.parameters)}"
            )
        given = dict.fromkeys(found, value) | given
    return given
