"""A paired block bootstrap of the difference between two networks on one part (Efron 1979, Künsch 1989).

Notation: n items in the order of the part, such as windows of a text; a_i and b_i the summed losses of item
i under the first and the second network, c_i what they are summed over. A network's mean loss is the sum of
its losses over the sum of the counts, its score a function of that mean.

Neighbouring items of a text share a topic, so their losses depend on each other and single items would give
intervals that are too narrow. Whole blocks of neighbours are drawn instead, from the part closed to a circle
(Politis and Romano 1992). Both networks are scored on the same draws: what makes an item hard is common to
them and cancels. The length of a block follows the dependence that the differences have (Politis and White
2004, as corrected by Patton, Politis and White 2009). It is no shorter than the cube root of n, because the
estimate sees no weak dependence in a short part, and leaves twenty blocks, because an interval from fewer is
mostly luck. Items without an order are drawn one by one.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hyperprune.errors import ConfigurationError

Array = NDArray[np.float64]
Scored = Callable[[Array], Array]  # from mean losses to scores, smaller for better networks

_FEWEST_BLOCKS = 20
_MOST_BLOCKS = 10_000  # more cost time and change nothing
_AT_ONCE = 5_000_000  # block numbers held in memory


@dataclass(frozen=True)
class Difference:
    """How much better the second network is.

    Attributes:
        value: on the items as they are; positive where the second is better.
        low: lower end of the interval.
        high: upper end.
        block: items of a block.
    """

    value: float
    low: float
    high: float
    block: int


def difference(
    first: ArrayLike,
    second: ArrayLike,
    counts: ArrayLike,
    score: Scored,
    *,
    ordered: bool,
    seed: int,
    level: float = 0.95,
    draws: int = 10_000,
) -> Difference:
    """The first network's score less the second's, with its percentile interval.

    Args:
        first: ``(n,)``, summed losses of the first network.
        second: ``(n,)``, of the second.
        counts: ``(n,)``, what they are summed over.
        score: of a mean loss, elementwise, smaller for better ones.
        ordered: whether neighbours depend on each other, so that blocks are drawn.
        seed: of the draws.
        level: coverage of the interval.
        draws: resamples.

    Raises:
        ConfigurationError: the lengths differ, there are no two items, or a number is not finite.
    """
    a, b, c = _checked(first, second, counts)
    block = block_length(_influences(a, b, c)) if ordered else 1
    block = max(block, math.ceil(len(a) / _MOST_BLOCKS))

    def gain(sums: Array) -> Array:
        """From the sums ``(..., 3)`` of a, b and c."""
        left, right = score(sums[..., 0] / sums[..., 2]), score(sums[..., 1] / sums[..., 2])
        return left - right

    items = np.stack([a, b, c], axis=1)
    found = gain(_resampled(items, block, draws, np.random.default_rng(seed)))
    tail = (1 - level) / 2
    low, high = np.quantile(found, [tail, 1 - tail])
    return Difference(float(gain(items.sum(axis=0))), float(low), float(high), block)


def block_length(values: Array) -> int:
    """Items of a block for a series ``(n,)`` with mean zero."""
    n = len(values)
    wished = max(_automatic(values), math.ceil(math.cbrt(n)))
    return max(1, min(wished, n // _FEWEST_BLOCKS))


def _checked(*given: ArrayLike) -> tuple[Array, Array, Array]:
    a, b, c = (np.asarray(values, dtype=np.float64) for values in given)
    if not a.shape == b.shape == c.shape or a.ndim != 1 or len(a) < 2:
        raise ConfigurationError(
            f"two networks are compared on the same items, two or more, got {a.shape}, {b.shape} and "
            f"{c.shape}: give a loss and a count for each item"
        )
    if not (np.isfinite(a).all() and np.isfinite(b).all() and np.isfinite(c).all()):
        raise ConfigurationError("a loss of an item is not finite: evaluate networks that have trained")
    if (c < 0).any() or c.sum() <= 0:
        raise ConfigurationError("counts of items must not be negative, nor all zero: give what was counted")
    return a, b, c


def _influences(a: Array, b: Array, c: Array) -> Array:
    """What each item adds to the difference of the means: zero on average."""
    gap = a - b
    influence: Array = gap - gap.sum() / c.sum() * c
    return influence


def _resampled(items: Array, block: int, draws: int, generator: np.random.Generator) -> Array:
    """Sums ``(draws, 3)`` of resamples that have as many items as ``items`` ``(n, 3)``."""
    n = len(items)
    whole, rest = divmod(n, block)
    upto = np.concatenate([np.zeros((1, 3)), np.concatenate([items, items[:block]]).cumsum(axis=0)])
    blocks = upto[block : block + n] - upto[:n]
    ends = upto[rest : rest + n] - upto[:n]
    sums = []
    step = max(1, _AT_ONCE // (whole + 1))
    for begin in range(0, draws, step):
        starts = generator.integers(n, size=(min(step, draws - begin), whole + 1))
        drawn = np.stack([blocks[:, k][starts[:, :-1]].sum(axis=1) for k in range(3)], axis=1)
        sums.append(drawn + ends[starts[:, -1]])
    return np.concatenate(sums)


def _automatic(values: Array) -> int:
    """Block length of the circular bootstrap that is best for the variance of a mean."""
    n = len(values)
    spread = float(values @ values) / n
    if n < 4 or spread == 0:
        return 1
    run = max(5, math.ceil(math.sqrt(math.log10(n))))
    most = min(n - 1, math.ceil(math.sqrt(n)) + run)
    covariances = np.array([values[: n - lag] @ values[lag:] / n for lag in range(most + 1)])
    last = _last_correlated(covariances / spread, 2 * math.sqrt(math.log10(n) / n), run)
    if last == 0:
        return 1
    lags = np.arange(1, min(2 * last, most) + 1)
    window = np.clip(2 * (1 - lags / lags[-1]), 0, 1)  # flat over its first half
    weighted = window * covariances[lags]
    slope, density = 2 * float(lags @ weighted), spread + 2 * float(weighted.sum())
    if density <= 0:
        return 1
    return math.ceil(math.cbrt(1.5 * (slope / density) ** 2 * n))


def _last_correlated(correlations: Array, threshold: float, run: int) -> int:
    """The lag after which ``run`` lags in a row are as good as uncorrelated."""
    large = np.abs(correlations[1:]) >= threshold
    for lag in range(len(large)):
        if not large[lag : lag + run].any():
            return lag
    return int(np.flatnonzero(large)[-1]) + 1
