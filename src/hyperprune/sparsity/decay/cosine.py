"""From p to min(p, 0.005) along half a cosine."""

import math

from hyperprune.papers import DETTMERS_ZETTLEMOYER_2019
from hyperprune.sparsity.rules import DecayRule

LAST_RATE = 0.005


def rate(initial: float, progress: float) -> float:
    """Written as a fall from ``initial``, so that the first rate is exactly the one that was asked for."""
    return initial - (initial - min(initial, LAST_RATE)) * 0.5 * (1 - math.cos(math.pi * progress))


RULE = DecayRule(rate, papers=(DETTMERS_ZETTLEMOYER_2019,))
