"""One adaptive threshold for all matrices."""

import sys

import torch

from hyperprune.papers import MOSTAFA_WANG_2019
from hyperprune.sparsity.overall import smallest_overall
from hyperprune.sparsity.rules import DeathRule, Deaths, Memory, Topology

FIRST_THRESHOLD = 1e-3
TOLERANCE = 0.02
MOST = 0.95


def deaths(topology: Topology, rate: float, memory: Memory) -> Deaths:
    """Weights under the threshold die, at most min(2p, 0.95) of all, never the last of a matrix.

    Mostafa and Wang 2019, algorithm 1: the threshold is doubled for the next update if less than 0.98 p of
    the live weights fell below it, halved if more than 1.02 p did.

    Differs: the two caps, without which one update could empty the network; where a cap held deaths back, the
    threshold moves by how many fell below it, so that it cannot grow without end.
    """
    threshold = memory["threshold"]
    names = sorted(topology.weights)
    below = {name: topology.masks[name] & (topology.weights[name].abs() < threshold) for name in names}
    fell = dict(zip(names, torch.stack([b.sum().cpu() for b in below.values()]).tolist(), strict=True))
    counts = {name: min(fell[name], max(0, topology.live[name] - 1)) for name in names}
    most = int(min(2 * rate, MOST) * topology.total)
    following = {"threshold": _next(threshold, sum(fell.values()), rate * topology.total)}
    if sum(counts.values()) > most:
        capped = smallest_overall(topology, most)
        return Deaths(capped.scores, capped.counts, following)
    scores = {name: weight.abs() for name, weight in topology.weights.items()}
    return Deaths(scores, counts, following)


def _next(threshold: float, fell: int, wanted: float) -> float:
    if fell < (1 - TOLERANCE) * wanted:
        return threshold * 2
    if fell > (1 + TOLERANCE) * wanted:
        return max(threshold / 2, sys.float_info.min)
    return threshold


RULE = DeathRule(deaths, memory={"threshold": FIRST_THRESHOLD}, papers=(MOSTAFA_WANG_2019,))
