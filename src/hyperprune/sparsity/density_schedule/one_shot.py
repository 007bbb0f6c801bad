"""Dense until one moment, at the final density from then on."""

from hyperprune.papers import HAN_2015
from hyperprune.sparsity.rules import DensityScheduleRule


def density(final: float, span: tuple[float, float], progress: float) -> float:
    """1 before the moment; a moment of 0 prunes a trained network at once (Han et al. 2015)."""
    return final if progress >= span[1] else 1.0


RULE = DensityScheduleRule(density, span=(0.5, 0.5), instant=True, papers=(HAN_2015,))
