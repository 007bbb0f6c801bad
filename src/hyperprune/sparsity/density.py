"""Densities and sparsities as exact numbers of weights."""

import math
from decimal import Decimal

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


def live_total(density: float, size: int) -> int:
    """Number of live weights of ``size`` weights at ``density``: floor(D * N + 0.5)."""
    return math.floor(density * size + 0.5)


def death_count(rate: float, live: int) -> int:
    """Number of weights that die of ``live`` at death rate ``rate``: floor(p * live)."""
    return math.floor(rate * live)
