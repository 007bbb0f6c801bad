"""From dense to the final density along a cubic."""

from hyperprune.papers import ZHU_GUPTA_2017
from hyperprune.sparsity.rules import DensityScheduleRule


def density(final: float, span: tuple[float, float], progress: float) -> float:
    """Zhu and Gupta 2017, equation 1: s(t) = s_f + (s_i - s_f) (1 - (t - t_0) / (n dt))^3 with s_i = 0."""
    begin, end = span
    if progress >= end:
        return final
    if progress <= begin:
        return 1.0
    return float(final + (1 - final) * (1 - (progress - begin) / (end - begin)) ** 3)


RULE = DensityScheduleRule(density, span=(0.0, 0.75), papers=(ZHU_GUPTA_2017,))
