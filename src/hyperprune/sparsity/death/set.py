"""Zeros first, then the smallest positive and the negatives closest to zero, shared by each sign's count."""

import torch
from torch import Tensor

from hyperprune.papers import MOCANU_2018
from hyperprune.sparsity.counts.apportion import largest_remainder
from hyperprune.sparsity.counts.density import death_count
from hyperprune.sparsity.counts.select import keep_highest
from hyperprune.sparsity.rules import DeathRule, Deaths, Memory, Topology


def deaths(topology: Topology, rate: float, memory: Memory) -> Deaths:
    """In each matrix floor(p * nnz) die: weights of exactly zero first, the rest in proportion to the signs.

    Mocanu et al. 2018, section Methods: the smallest positive weights and the largest negative ones, that is
    those closest to zero. Scores are 1 for who stays and 0 for who dies; zeros beyond the count stay by lower
    flat index, as everywhere.
    """
    counts = {name: death_count(rate, live) for name, live in topology.live.items()}
    scores = {
        name: _worth(topology.weights[name], topology.masks[name], count) for name, count in counts.items()
    }
    return Deaths(scores, counts)


def _worth(weight: Tensor, mask: Tensor, count: int) -> Tensor:
    signs = {"1 positive": mask & (weight > 0), "2 negative": mask & (weight < 0)}
    sizes = {sign: int(of_sign.sum()) for sign, of_sign in signs.items()}
    zeros = mask & (weight == 0)
    rest = max(0, count - int(zeros.sum()))
    dying = largest_remainder({sign: float(size) for sign, size in sizes.items()}, rest)
    worth = torch.zeros_like(weight)
    for sign, of_sign in signs.items():
        worth[keep_highest(weight.abs(), of_sign, sizes[sign] - dying[sign])] = 1
    return worth


RULE = DeathRule(deaths, signed=True, papers=(MOCANU_2018,))
