"""The early metrics that are compared: smaller is to mean better in the end."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from networks import Network, finals
from spectra import CONVENTIONS, DEFAULT, KINDS

from hyperprune.search.metrics.rank_correlation import Array, Estimate, difference, estimate, midranks

EPOCHS = (1, 2, 3, 4, 5, 6, 8)
REFERENCES = {"same_epoch": "same epoch", "end": "end"}
WEIGHTS = (0.25, 0.5, 0.75)  # of the rank by LS distance in a weighted rank

LOSS = "loss"
LS = f"ls {DEFAULT} l2, same epoch"  # what a search takes by default

Metric = Callable[[Sequence[Network], int], Sequence[float]]


@dataclass(frozen=True)
class Row:
    """How a metric at an epoch ranks the final perplexities.

    Attributes:
        metric: its name.
        epoch: after which it was taken.
        spearman: with its interval.
        kendall: tau-b with its interval.
        over_loss: Spearman less that of the loss at the same epoch, with the paired interval.
    """

    metric: str
    epoch: int
    spearman: Estimate
    kendall: Estimate
    over_loss: Estimate


def loss(networks: Sequence[Network], epoch: int) -> list[float]:
    """Validation loss."""
    return [network.valid_loss[epoch - 1] for network in networks]


def ls(name: str, kind: str, reference: str) -> Metric:
    """LS distance in one convention."""
    return lambda networks, epoch: [n.distances[reference][epoch][f"{name}/{kind}"] for n in networks]


def default_ls(kind: str) -> Metric:
    """LS distance in the default convention to the same epoch's dense spectrum, at any epoch."""
    return lambda networks, epoch: [n.every_epoch[kind][epoch - 1] for n in networks]


def weighted_rank(weight: float, kind: str = "l2") -> Metric:
    """``weight`` of the rank by the default LS distance and the rest of the rank by loss."""

    def ranks(networks: Sequence[Network], epoch: int) -> list[float]:
        by_ls = midranks(default_ls(kind)(networks, epoch))
        return [float(r) for r in weight * by_ls + (1 - weight) * midranks(loss(networks, epoch))]

    return ranks


def metrics() -> dict[str, Metric]:
    """Every metric by name: loss, all LS distances, the weighted ranks of both."""
    known: dict[str, Metric] = {LOSS: loss}
    for name in CONVENTIONS:
        for kind in KINDS:
            for reference, words in REFERENCES.items():
                known[f"ls {name} {kind}, {words}"] = ls(name, kind, reference)
    for weight in WEIGHTS:
        known[f"rank: {weight:g} ls, {1 - weight:g} loss"] = weighted_rank(weight)
    return known


def rows(networks: Sequence[Network], weights: Array) -> list[Row]:
    """All metrics at all early epochs; ``weights`` are the resamples that all intervals share."""
    final = np.array(finals(networks))
    table = []
    for name, metric in metrics().items():
        for epoch in EPOCHS:
            values, against = metric(networks, epoch), loss(networks, epoch)
            table.append(
                Row(
                    name,
                    epoch,
                    estimate("spearman", values, final, weights),
                    estimate("kendall", values, final, weights),
                    difference("spearman", values, against, final, weights),
                )
            )
    return table
