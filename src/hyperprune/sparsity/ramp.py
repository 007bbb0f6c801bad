"""Pruning from dense to the final density, gradually or in one shot, without growth.

Zhu and Gupta 2017, equation 1: s(t) = s_f + (s_i - s_f) (1 - (t - t_0) / (n dt))^3 with s_i = 0.
"""

from collections.abc import Mapping
from fractions import Fraction

from hyperprune.errors import ConfigurationError
from hyperprune.sparsity.apportion import largest_remainder
from hyperprune.sparsity.density import live_total
from hyperprune.sparsity.overall import smallest_overall
from hyperprune.sparsity.rules import Deaths, Topology
from hyperprune.sparsity.variant import Interval


def ramp_density(final: float, ramp: tuple[float, float], progress: float) -> float:
    """Density when ``progress`` of the budget's steps are taken: 1 before the ramp, ``final`` from its end
    on.
    """
    begin, end = ramp
    if progress >= end:
        return final
    if progress <= begin:
        return 1.0
    return float(final + (1 - final) * (1 - (progress - begin) / (end - begin)) ** 3)


def ramp_deaths(topology: Topology, final: Mapping[str, int], density: float, *, overall: bool) -> Deaths:
    """The smallest weights die until floor(density * N + 0.5) live.

    Args:
        topology: the network now.
        final: live weights of each matrix at the end; every matrix loses the same part of its way there.
        density: the density of now.
        overall: one ranking of all matrices in place of one each; ``final`` then counts only in its sum.
    """
    sizes = {name: mask.numel() for name, mask in topology.masks.items()}
    target = max(live_total(density, sum(sizes.values())), sum(final.values()))
    count = max(0, topology.total - target)
    if overall:
        return smallest_overall(topology, count)
    lost = largest_remainder({n: Fraction(sizes[n] - final[n]) for n in sizes}, sum(sizes.values()) - target)
    excess = {name: Fraction(max(0, live - sizes[name] + lost[name])) for name, live in topology.live.items()}
    scores = {name: weight.abs() for name, weight in topology.weights.items()}
    return Deaths(scores, largest_remainder(excess, count))


def check_ramp(ramp: tuple[float, float], interval: Interval, total_steps: int | None) -> None:
    """Refuse a ramp that would not reach its end within the budget.

    Raises:
        ConfigurationError: with the reason.
    """
    if total_steps is None:
        if ramp[1] > 0:
            raise ConfigurationError(
                f"a ramp to {ramp[1]} of the budget needs total_steps, got None: give the steps of the full "
                "budget"
            )
        return
    if isinstance(interval, int):
        last = (total_steps - 1) // interval * interval
        if last < ramp[1] * total_steps:
            raise ConfigurationError(
                f"a ramp must end before the last update, got an end at step {ramp[1] * total_steps:g} and a "
                f"last update at step {last} of {total_steps}: end it earlier or update more often"
            )
