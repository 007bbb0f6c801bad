"""One adaptive threshold for all matrices."""

import sys
from fractions import Fraction

import torch

from hyperprune.papers import MOSTAFA_WANG_2019
from hyperprune.sparsity.counts.density import death_count, exact
from hyperprune.sparsity.counts.overall import smallest_overall
from hyperprune.sparsity.rules import DeathRule, Deaths, Memory, Topology

FIRST_THRESHOLD = 1e-3
TOLERANCE = 0.02
MOST = 0.95


def deaths(topology: Topology, rate: float, memory: Memory) -> Deaths:
    """Weights under the threshold die, at most min(2p, 0.95) of all, never the last of a matrix.

    Mostafa and Wang 2019, algorithm 1: the threshold is doubled for the next update if less than (1 - t) p
    of the live weights fell below it, halved if more than (1 + t) p did. The option ``tolerance`` is t: 0.1
    in the paper and in the method ``dsr``, 0.02 in Selfish-RNN's code (Liu et al. 2021) and here by default.
    All that fell below the threshold count, also those that growth chooses again or that a cap keeps.

    Differs: the two caps, without which one update could empty the network; where a cap held deaths back, the
    threshold moves by how many fell below it, so that it cannot grow without end.
    """
    threshold = memory["threshold"]
    tolerance = memory.get("tolerance", TOLERANCE)
    names = sorted(topology.weights)
    below = {name: topology.masks[name] & (topology.weights[name].abs() < threshold) for name in names}
    fell = dict(zip(names, torch.stack([b.sum().cpu() for b in below.values()]).tolist(), strict=True))
    counts = {name: min(fell[name], max(0, topology.live[name] - 1)) for name in names}
    most = death_count(min(2 * rate, MOST), topology.total)
    wanted = exact(rate) * topology.total
    following = {"threshold": _next(threshold, sum(fell.values()), wanted, exact(tolerance))}
    if sum(counts.values()) > most:
        capped = smallest_overall(topology, most)
        return Deaths(capped.scores, capped.counts, following)
    scores = {name: weight.abs() for name, weight in topology.weights.items()}
    return Deaths(scores, counts, following)


def _next(threshold: float, fell: int, wanted: Fraction, tolerance: Fraction) -> float:
    if fell < (1 - tolerance) * wanted:
        return threshold * 2
    if fell > (1 + tolerance) * wanted:
        return max(threshold / 2, sys.float_info.min)
    return threshold


RULE = DeathRule(
    deaths,
    memory={"threshold": FIRST_THRESHOLD},
    keeps_last=True,
    options={"tolerance": TOLERANCE},
    papers=(MOSTAFA_WANG_2019,),
)
