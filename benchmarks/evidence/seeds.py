"""The variants that were trained from several seeds: is an early metric the variant's or the seed's?"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from ceiling import ceiling
from early import EPOCHS, LOSS, LS, Metric, default_ls, loss
from networks import Network, Networks, finals

from hyperprune.search.metrics.rank_correlation import CORRELATIONS, Array, Estimate, correlation, resamples

METRICS: dict[str, Metric] = {LOSS: loss, LS: default_ls("l2")}


@dataclass(frozen=True)
class Repeatability:
    """How far an early metric of one seed is that of another.

    Attributes:
        metric: its name.
        epoch: after which it was taken.
        spearman: between two seeds over the variants, mean over pairs of seeds.
        reliability: share of its variance that the variants explain, ICC(1).
    """

    metric: str
    epoch: int
    spearman: float
    reliability: float


@dataclass(frozen=True)
class OwnFinals:
    """How an early metric ranks the finals of its own seed, over the same variants with every seed.

    Attributes:
        metric: its name.
        epoch: after which it was taken.
        by_seed: Spearman's correlation for each seed.
        mean: over seeds, with its interval.
        over_loss: the mean less that of the loss at the same epoch, with the paired interval.
    """

    metric: str
    epoch: int
    by_seed: dict[int, float]
    mean: Estimate
    over_loss: Estimate


def repeatability(networks: Networks) -> list[Repeatability]:
    """Loss and LS distance at each early epoch; a metric that a repeat lacks is left out."""
    found = []
    for name, metric in METRICS.items():
        if name == LS and not _whole(networks):
            continue
        for epoch in EPOCHS:
            known = networks.repeated(lambda n, m=metric, e=epoch: m([n], e)[0])
            top = ceiling(known, 1)
            if top is not None and top.mean["spearman"] is not None:
                found.append(Repeatability(name, epoch, top.mean["spearman"], top.reliability))
    return found


def own_finals(networks: Networks, draws: int) -> list[OwnFinals]:
    """Each seed's early metrics with its own finals; none as long as a repeat has no distances.

    Resamples are of variants and the same with every seed, since a variant is one draw however often it is
    trained.
    """
    pools = _pools(networks)
    if not _whole(networks) or len(pools) < 2:
        return []
    weights = resamples(len(next(iter(pools.values()))), draws, 0)
    found = []
    for name, metric in METRICS.items():
        for epoch in EPOCHS:
            values = {seed: metric(pool, epoch) for seed, pool in pools.items()}
            against = {seed: loss(pool, epoch) for seed, pool in pools.items()}
            ends = {seed: finals(pool) for seed, pool in pools.items()}
            by_seed = {seed: correlation("spearman", values[seed], ends[seed]) for seed in pools}
            own = _mean(values, ends, weights)
            over_loss = own - _mean(against, ends, weights)
            found.append(OwnFinals(name, epoch, by_seed, _estimate(own), _estimate(over_loss)))
    return found


def _estimate(sample: Array) -> Estimate:
    """Of the variants themselves, the first entry, with the interval of the resamples behind it."""
    low, high = np.nanquantile(sample[1:], [0.025, 0.975])
    return Estimate(float(sample[0]), float(low), float(high))


def _mean(values: dict[int, Sequence[float]], ends: dict[int, Sequence[float]], weights: Array) -> Array:
    """Mean over seeds of Spearman's correlation: of the variants themselves, then of each resample."""
    all_of_them = np.vstack([np.ones(weights.shape[1]), weights])
    by_seed = [
        CORRELATIONS["spearman"](np.array(values[seed]), np.array(ends[seed]), all_of_them) for seed in ends
    ]
    mean: Array = np.mean(by_seed, axis=0)
    return mean


def _pools(networks: Networks) -> dict[int, list[Network]]:
    """By seed, the variants that were trained from every seed."""
    repeated = networks.repeats
    seeds = {seed for by_seed in repeated.values() for seed in by_seed}
    everywhere = sorted(number for number, by_seed in repeated.items() if set(by_seed) == seeds)
    known = {(n.number, n.seed): n for n in networks.trained}
    return {seed: [known[number, seed] for number in everywhere] for seed in sorted(seeds)}


def _whole(networks: Networks) -> bool:
    """Whether every network of a repeated variant has its distances."""
    return all(n.distances for n in networks.trained if n.number in networks.repeats)
