"""Densities, sparsities and rates as exact numbers of weights.

A fraction is taken as the decimal number that it is written as: 0.575 of 100 weights are 57.5, not 57.49.
"""

import math
from decimal import Decimal
from fractions import Fraction

from hyperprune.errors import ConfigurationError


def density_from_sparsity(sparsity: float) -> float:
    """Density D = 1 - S, taken in decimal so that 0.67 gives 0.33 and not 0.32999999999999996.

    Raises:
        ConfigurationError: the sparsity lies outside [0, 1).
    """
    if not 0.0 <= sparsity < 1.0:
        raise ConfigurationError(
            f"sparsity must lie in [0, 1), got {sparsity}: give the fraction of zeros, such as 0.67"
        )
    return float(1 - Decimal(str(sparsity)))


def exact(fraction: float) -> Fraction:
    """The decimal number that ``fraction`` is written as."""
    return Fraction(str(fraction))


def live_total(density: float, size: int) -> int:
    """Number of live weights of ``size`` weights at ``density``: floor(D * N + 0.5)."""
    return math.floor(exact(density) * size + Fraction(1, 2))


def death_count(rate: float, live: int) -> int:
    """Number of weights that die of ``live`` at death rate ``rate``: floor(p * live)."""
    return math.floor(exact(rate) * live)
