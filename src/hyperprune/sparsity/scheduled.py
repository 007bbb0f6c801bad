"""Pruning along a density schedule: who dies so that the network is as dense as the schedule says."""

from collections.abc import Mapping
from fractions import Fraction

from hyperprune.errors import ConfigurationError
from hyperprune.sparsity.counts.apportion import largest_remainder
from hyperprune.sparsity.counts.density import exact
from hyperprune.sparsity.rules import DeathRule, Deaths, Topology
from hyperprune.sparsity.variants.fields import UpdateInterval


def scheduled_deaths(topology: Topology, final: Mapping[str, int], target: int, rule: DeathRule) -> Deaths:
    """Deaths until ``target`` live.

    Args:
        topology: the network now.
        final: live weights of each matrix at the end; every matrix loses the same part of its way there. For
            a rule that ranks all matrices together only their sum counts.
        target: what lives now, by the schedule; never less than at the end.
        rule: a death rule that follows a schedule.
    """
    sizes = {name: mask.numel() for name, mask in topology.masks.items()}
    target = max(target, sum(final.values()))
    count = max(0, topology.total - target)
    if rule.exactly_overall is not None:
        return rule.exactly_overall(topology, count)
    assert rule.exactly is not None, "a variant refuses a rule that follows no schedule"
    lost = largest_remainder({n: Fraction(sizes[n] - final[n]) for n in sizes}, sum(sizes.values()) - target)
    excess = {name: Fraction(max(0, live - sizes[name] + lost[name])) for name, live in topology.live.items()}
    return rule.exactly(topology, largest_remainder(excess, count))


def pruning_interval(total_steps: int) -> int:
    """Steps from one pruning to the next: 100, as in Zhu and Gupta 2017, or less where there are few steps.

    Args:
        total_steps: of the full budget.
    """
    return max(1, min(100, total_steps // 20))


def check_epochs(span: tuple[float, float] | None, interval: UpdateInterval, epochs: int) -> None:
    """Refuse updates once an epoch that end before the density schedule does.

    Raises:
        ConfigurationError: with the reason.
    """
    if span is not None and interval == "epoch" and exact(span[1]) * epochs > epochs - 1:
        raise ConfigurationError(
            f"a density schedule that ends at {span[1]} of the budget needs an update from then on, got one "
            f"at the start of each of {epochs} epochs: train for more epochs, end it earlier, or give "
            "update_interval a number of steps"
        )


def check_schedule(span: tuple[float, float], interval: UpdateInterval, total_steps: int | None) -> None:
    """Refuse a density schedule that would not reach its end within the budget.

    Raises:
        ConfigurationError: with the reason.
    """
    if total_steps is None:
        if span[1] > 0:
            raise ConfigurationError(
                f"a density schedule that ends at {span[1]} of the budget needs total_steps, got None: give "
                "the steps of the full budget"
            )
        return
    if isinstance(interval, int):
        last = (total_steps - 1) // interval * interval
        end = exact(span[1]) * total_steps
        if last < end:
            raise ConfigurationError(
                f"a density schedule must end before the last update, got an end at step {float(end):g} and "
                f"a last update at step {last} of {total_steps}: end it earlier or update more often"
            )
