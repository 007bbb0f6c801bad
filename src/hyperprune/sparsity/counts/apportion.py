"""Whole numbers from shares: every function here hands out exactly the total it was given.

Shares are floats, the arithmetic is exact (fractions), ties go to the first name in alphabetical order.
"""

import math
from collections.abc import Mapping
from fractions import Fraction

from hyperprune.errors import DivergedError


def largest_remainder(shares: Mapping[str, float | Fraction], total: int) -> dict[str, int]:
    """Split ``total`` in proportion to ``shares``: whole parts, then one each to the largest remainders.

    Shares that are all zero get nothing at all; the caller decides where the total goes then.

    Raises:
        DivergedError: a share is negative or not finite (weights or momenta that left the numbers).
    """
    exact = {name: _fraction(name, share) for name, share in shares.items()}
    whole = sum(exact.values())
    if whole == 0:
        return dict.fromkeys(shares, 0)
    quotas = {name: share * total / whole for name, share in exact.items()}
    counts = {name: math.floor(quota) for name, quota in quotas.items()}
    left = total - sum(counts.values())
    by_remainder = sorted(quotas, key=lambda name: (counts[name] - quotas[name], name))
    for name in by_remainder[:left]:
        counts[name] += 1
    return counts


def with_capacity(
    shares: Mapping[str, float | Fraction], total: int, capacity: Mapping[str, int]
) -> dict[str, int]:
    """Split ``total`` in proportion to ``shares``; a full entry is capped and the others are scaled up.

    ``total`` must not exceed the sum of ``capacity``. What shares of zero leave over goes by free room.
    """
    full: dict[str, int] = {}
    while True:
        open_shares = {name: share for name, share in shares.items() if name not in full}
        rest = total - sum(full.values())
        whole = sum(Fraction(share) for share in open_shares.values())
        over = [
            name
            for name, share in open_shares.items()
            if whole and Fraction(share) * rest / whole > capacity[name]
        ]
        if not over:
            break
        full |= {name: capacity[name] for name in over}
    counts = largest_remainder(open_shares, rest) | full
    return with_spill({name: float(counts[name]) for name in shares}, total, capacity)


def with_spill(shares: Mapping[str, float], total: int, room: Mapping[str, int]) -> dict[str, int]:
    """Split ``total`` in proportion to ``shares``; what doesn't fit spills in proportion to the room left.

    ``total`` must not exceed the sum of ``room``.
    """
    asked = largest_remainder(shares, total)
    counts = {name: min(count, room[name]) for name, count in asked.items()}
    free = {name: Fraction(room[name] - count) for name, count in counts.items()}
    spilled = largest_remainder(free, total - sum(counts.values()))
    return {name: counts[name] + spilled[name] for name in shares}


def _fraction(name: str, share: float | Fraction) -> Fraction:
    if not math.isfinite(share) or share < 0:
        raise DivergedError(
            f"the share of {name} must be finite and not negative, got {share}: the weights or momenta have "
            "diverged; lower the learning rate or clip the gradients"
        )
    return Fraction(share)
