"""From p to 0 along half a cosine, as RigL has it."""

import math

from hyperprune.papers import EVCI_2020
from hyperprune.sparsity.rules import DecayRule


def rate(initial: float, progress: float) -> float:
    """P / 2 (1 + cos(pi t / T)), Evci et al. 2020, section 3; written as a fall, so that it begins at p."""
    return initial - initial * 0.5 * (1 - math.cos(math.pi * progress))


RULE = DecayRule(rate, papers=(EVCI_2020,))
