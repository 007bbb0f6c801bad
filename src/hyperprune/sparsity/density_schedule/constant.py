"""The final density from the start on."""

from hyperprune.sparsity.rules import DensityScheduleRule


def density(final: float, span: tuple[float, float], progress: float) -> float:
    """The final density."""
    return final


RULE = DensityScheduleRule(density)
