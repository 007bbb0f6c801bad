"""Windows of random length, so that their borders fall elsewhere in each epoch (Merity et al. 2018)."""

import math
from collections.abc import Iterator

import torch

_USUAL = 0.95  # probability of the whole length; otherwise half of it
_SPREAD = 5.0
_SHORTEST = 5
_LONGER = 20


def fixed_lengths(total: int, bptt: int) -> Iterator[int]:
    """``bptt`` steps a window until ``total`` are used up; the last one may be shorter."""
    for start in range(0, total, bptt):
        yield min(bptt, total - start)


def random_lengths(total: int, bptt: int, generator: torch.Generator) -> Iterator[int]:
    """Lengths that add up to ``total``: normal around ``bptt`` or, one time in twenty, half of it.

    The standard deviation is 5; the shortest has 5 steps, the longest 20 more than ``bptt`` (as Yang et
    al. 2018 limit it). The last one is what remains.
    """
    while total > 0:
        usual = float(torch.rand((), generator=generator, dtype=torch.float64)) < _USUAL
        drawn = float(torch.randn((), generator=generator, dtype=torch.float64))
        length = int((bptt if usual else bptt / 2) + _SPREAD * drawn)
        length = min(max(_SHORTEST, length), bptt + _LONGER, total)
        yield length
        total -= length


def windows_expected(total: int, bptt: int, *, random: bool) -> int:
    """Windows of a text of ``total`` steps; for random lengths what is to be expected."""
    mean = _USUAL * bptt + (1 - _USUAL) * bptt / 2 if random else bptt
    return math.ceil(total / max(mean, 1.0))
