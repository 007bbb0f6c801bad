"""The early metrics that are compared: smaller is to mean better in the end."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from networks_over import Trained

from hyperprune.search.metrics.rank_correlation import (
    Array,
    Estimate,
    correlation,
    difference,
    estimate,
    midranks,
)

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


def rows(metrics: dict[str, Metric], pool: Sequence[Trained], weights: Array) -> list[Row]:
    """All metrics at all early epochs, and the rank sum of the first LS distance and loss."""
    final = np.array([network.final for network in pool])
    first_ls = next(name for name in metrics if name.startswith("LS"))
    table = []
    for epoch in EARLY:
        known = {name: values(metric, pool, epoch) for name, metric in metrics.items()}
        own, by_loss = known[first_ls], known[LOSS]
        if by_loss is None:
            continue
        if own is not None:
            both = [float(rank) for rank in midranks(own) + midranks(by_loss)]
            known[BOTH] = both if len(set(both)) > 1 else None
        for name, found in known.items():
            if found is not None:
                spearman = estimate("spearman", found, final, weights)
                table.append(
                    Row(name, epoch, spearman, difference("spearman", found, by_loss, final, weights))
                )
    return table


def plain_difference(pool: Sequence[Trained], epoch: int) -> float | None:
    """Spearman of the LS distance that a search takes less that of the loss."""
    own, by_loss = values(SCRATCH[LS], pool, epoch), values(loss, pool, epoch)
    if own is None or by_loss is None:
        return None
    final = [network.final for network in pool]
    return correlation("spearman", own, final) - correlation("spearman", by_loss, final)
