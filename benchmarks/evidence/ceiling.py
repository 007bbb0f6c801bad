"""How much of the final order is the variants' own: the same variants, trained again from other seeds.

An early metric measured on one seed cannot be expected to rank that seed's finals better than the finals of
another seed do by much, because what the seeds don't share is chance.
"""

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass

from hyperprune.search.metrics.rank_correlation import Estimate, correlation, estimate, resamples


@dataclass(frozen=True)
class Ceiling:
    """What the repeated variants say.

    Attributes:
        variants: how many have more than one seed.
        runs: their networks.
        within: standard deviation between seeds of one variant, perplexity.
        between: standard deviation between variants, seed noise taken out; 0 where noise alone explains it.
        reliability: share of the variance of single finals that the variants explain, ICC(1).
        pairs: Spearman and Kendall between the finals of two seeds, by pair, with intervals over variants.
        mean: by kind, their mean over pairs, None without any pair of three variants.
    """

    variants: int
    runs: int
    within: float
    between: float
    reliability: float
    pairs: dict[tuple[int, int], dict[str, Estimate]]
    mean: dict[str, float | None]


def ceiling(repeats: Mapping[int, Mapping[int, float]], draws: int) -> Ceiling | None:
    """From final perplexity by variant and seed; None for fewer than two variants.

    Variances by one-way analysis of variance with unequal group sizes (Shrout and Fleiss 1979; for the mean
    group size Searle, Casella and McCulloch 1992).
    """
    if len(repeats) < 2:
        return None
    groups = [list(by_seed.values()) for by_seed in repeats.values()]
    runs = sum(len(group) for group in groups)
    grand = sum(map(sum, groups)) / runs
    means = [sum(group) / len(group) for group in groups]
    inner = sum((x - m) ** 2 for group, m in zip(groups, means, strict=True) for x in group)
    outer = sum(len(group) * (m - grand) ** 2 for group, m in zip(groups, means, strict=True))
    noise, signal = inner / (runs - len(groups)), outer / (len(groups) - 1)
    size = (runs - sum(len(group) ** 2 for group in groups) / runs) / (len(groups) - 1)
    between = max(0.0, (signal - noise) / size)
    pairs = _pairs(repeats, draws)
    mean: dict[str, float | None] = {
        kind: sum(found[kind].value for found in pairs.values()) / len(pairs) if pairs else None
        for kind in ("spearman", "kendall")
    }
    reliability = between / (between + noise)
    return Ceiling(len(groups), runs, math.sqrt(noise), math.sqrt(between), reliability, pairs, mean)


def _pairs(
    repeats: Mapping[int, Mapping[int, float]], draws: int
) -> dict[tuple[int, int], dict[str, Estimate]]:
    seeds = sorted({seed for by_seed in repeats.values() for seed in by_seed})
    found = {}
    for one, other in itertools.combinations(seeds, 2):
        both = [by_seed for by_seed in repeats.values() if one in by_seed and other in by_seed]
        left, right = [b[one] for b in both], [b[other] for b in both]
        if len(both) >= 3 and not math.isnan(correlation("spearman", left, right)):
            weights = resamples(len(both), draws, 0)
            found[one, other] = {
                kind: estimate(kind, left, right, weights) for kind in ("spearman", "kendall")
            }
    return found
