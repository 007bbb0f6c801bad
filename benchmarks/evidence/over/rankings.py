"""The early metrics that are compared: smaller is to mean better in the end."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from networks_over import Trained

from hyperprune.search.metrics.rank_correlation import CORRELATIONS, Array, Estimate, midranks, resamples

Metric = Callable[[Trained, int], float | None]

FIRST = 3  # the epoch of the primary question
EARLY = (0, 1, 2, 3, 4, 8)
LOSS, LS = "loss", "LS hidden, same epoch"
BOTH = "rank sum of LS and loss"


def loss(network: Trained, epoch: int) -> float | None:
    """Validation loss."""
    return network.valid_loss[epoch] if epoch < len(network.valid_loss) else None


def ls(reference: str, name: str) -> Metric:
    """LS distance to a reference."""
    return lambda network, epoch: network.distances.get(reference, {}).get(epoch, {}).get(name)


def fact(name: str) -> Metric:
    """A score of others."""
    return lambda network, epoch: network.facts.get(epoch, {}).get(name)


def summed(network: Trained, epoch: int) -> float | None:
    """Sum of training losses (Ru et al. 2021)."""
    return sum(network.train_loss[:epoch]) if epoch else None


SCRATCH: dict[str, Metric] = {
    LOSS: loss,
    LS: ls("same_epoch", "hidden"),
    "LS full, same epoch": ls("same_epoch", "full"),
    "LS hidden, end": ls("end", "hidden"),
    "LS full, end": ls("end", "full"),
    "LS hidden of averaged weights, same epoch": ls("same_epoch", "averaged-hidden"),
    "LS full of averaged weights, same epoch": ls("same_epoch", "averaged-full"),
    "loss of averaged weights": fact("averaged_loss"),
    "sum of training losses": summed,
    "hidden covariance": fact("covariance"),
    "Jacobian": fact("jacobian"),
}
STARTED: dict[str, Metric] = {
    LOSS: loss,
    "LS hidden, to the dense network": ls("parent", "hidden"),
    "LS full, to the dense network": ls("parent", "full"),
    "Taylor score that is lost": fact("taylor"),
    "Jacobian": fact("jacobian"),
    "hidden covariance": fact("covariance"),
}


@dataclass(frozen=True)
class Row:
    """How a metric at an epoch ranks the finals.

    Attributes:
        metric: its name.
        epoch: after which it was taken.
        spearman: with its interval over resampled networks.
        over_loss: less that of the loss at the same epoch, paired.
    """

    metric: str
    epoch: int
    spearman: Estimate
    over_loss: Estimate


def values(metric: Metric, pool: Sequence[Trained], epoch: int) -> list[float] | None:
    """Of a pool; None where one of them has none."""
    found = [metric(network, epoch) for network in pool]
    known = [value for value in found if value is not None]
    return known if len(known) == len(pool) and len(set(known)) > 1 else None


def rows(metrics: dict[str, Metric], pools: Sequence[Sequence[Trained]], draws: int) -> list[Row]:
    """All metrics at all early epochs, and the rank sum of the first LS distance and loss.

    Args:
        metrics: by name.
        pools: of each seed. Correlations are of a pool; what is given is their mean over pools, and its
            interval over resamples of the networks within each pool.
        draws: how many resamples.
    """
    weights = [resamples(len(pool), draws, place) for place, pool in enumerate(pools)]
    finals = [np.array([network.final for network in pool]) for pool in pools]
    first_ls = next(name for name in metrics if name.startswith("LS"))
    table = []
    for epoch in EARLY:
        known = {name: _of_all(metric, pools, epoch) for name, metric in metrics.items()}
        own, by_loss = known[first_ls], known[LOSS]
        if by_loss is None:
            continue
        if own is not None:
            known[BOTH] = [midranks(a) + midranks(b) for a, b in zip(own, by_loss, strict=True)]
        for name, found in known.items():
            if found is not None and all(len(set(values)) > 1 for values in found):
                table.append(
                    Row(
                        name,
                        epoch,
                        mean_correlation(found, finals, weights),
                        mean_difference(found, by_loss, finals, weights),
                    )
                )
    return table


def _of_all(metric: Metric, pools: Sequence[Sequence[Trained]], epoch: int) -> list[Array] | None:
    """Values by pool; None where a pool has none."""
    found = [values(metric, pool, epoch) for pool in pools]
    return None if any(own is None for own in found) else [np.array(own) for own in found]


def mean_correlation(metric: Sequence[Array], final: Sequence[Array], weights: Sequence[Array]) -> Estimate:
    """Spearman's correlation, the mean over pools, with its interval."""
    ones = [np.ones((1, len(own))) for own in metric]
    value, sample = (_mean_of(metric, final, drawn) for drawn in (ones, weights))
    return _estimated(value, sample)


def mean_difference(
    metric: Sequence[Array], other: Sequence[Array], final: Sequence[Array], weights: Sequence[Array]
) -> Estimate:
    """Correlation of ``metric`` less that of ``other``, the mean over pools, with its paired interval."""
    ones = [np.ones((1, len(own))) for own in metric]
    value, sample = (
        _mean_of(metric, final, drawn) - _mean_of(other, final, drawn) for drawn in (ones, weights)
    )
    return _estimated(value, sample)


def _mean_of(metric: Sequence[Array], final: Sequence[Array], weights: Sequence[Array]) -> Array:
    """Mean correlation of each draw; NaN where a pool has none."""
    by_pool = [CORRELATIONS["spearman"](*own) for own in zip(metric, final, weights, strict=True)]
    mean: Array = np.mean(by_pool, axis=0)
    return mean


def _estimated(value: Array, sample: Array) -> Estimate:
    low, high = np.nanquantile(sample, [0.025, 0.975])
    return Estimate(float(value[0]), float(low), float(high))
