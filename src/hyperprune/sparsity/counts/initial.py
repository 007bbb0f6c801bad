"""How many weights of each matrix are live at the start."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hyperprune.errors import ConfigurationError
from hyperprune.sparsity.allocation import SPARSE_INIT
from hyperprune.sparsity.counts.apportion import with_capacity
from hyperprune.sparsity.counts.density import live_total
from hyperprune.sparsity.parameters.prunable import Prunable, matches


@dataclass(frozen=True)
class Wanted:
    """How budgets ask for live weights.

    Attributes:
        density: of all together.
        given: densities of budgets that have their own.
        shares: of the others; their live weights are proportional to them.
    """

    density: float
    given: Mapping[str, float]
    shares: Mapping[str, float]


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
    sizes = {name: math.prod(shape) for name, shape in budget_shapes(prunable).items()}
    wanted = wanted_shares(prunable, sparse_init, density, densities, factors)
    return counted(wanted, sizes, live_total(density, sum(sizes.values())))


def wanted_shares(
    prunable: Prunable,
    sparse_init: str,
    density: float,
    densities: Sequence[tuple[str, float]] = (),
    factors: Sequence[tuple[str, float]] = (),
) -> Wanted:
    """What each budget asks for, before any number is whole.

    Raises:
        ConfigurationError: a pattern names no prunable matrix.
    """
    given = by_pattern(prunable, "densities", densities)
    shapes = {name: shape for name, shape in budget_shapes(prunable).items() if name not in given}
    times = by_pattern(prunable, "density_factors", factors)
    shares = SPARSE_INIT[sparse_init].shares(shapes)
    return Wanted(density, given, {name: share * times.get(name, 1.0) for name, share in shares.items()})


def counted(wanted: Wanted, sizes: Mapping[str, int], total: int, what: str = "weights") -> dict[str, int]:
    """Whole numbers of what lives, ``total`` in all.

    Args:
        wanted: by budget, these and perhaps others.
        sizes: of the budgets that share the total.
        total: of live ones.
        what: they are called, for people.

    Raises:
        ConfigurationError: not one would live, or the densities leave too many or too few for the others.
    """
    if total < 1:
        raise ConfigurationError(
            f"at least one {what[:-1]} must live, got density {wanted.density} of {sum(sizes.values())} "
            f"{what}: raise it"
        )
    given = {
        name: live_total(wanted.given[name], size) for name, size in sizes.items() if name in wanted.given
    }
    rest = {name: size for name, size in sizes.items() if name not in given}
    left = total - sum(given.values())
    if not 0 <= left <= sum(rest.values()):
        raise ConfigurationError(
            f"density {wanted.density} means {total} live {what}, got densities that take "
            f"{sum(given.values())} and leave {left} to matrices of {sum(rest.values())} {what}: change the "
            "density or the densities"
        )
    counts = with_capacity({name: wanted.shares[name] for name in rest}, left, rest) | given
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
