"""How well an early metric ranks what the candidates become: rank correlations, their intervals, regret.

Notation: n candidates with an early metric and a final score, both smaller for the better; W draws, each a
row of n weights that says how often a candidate is in it. All ones are the candidates themselves; a
bootstrap resample is a draw of n with replacement. A candidate that is drawn twice is a tie with itself,
as if it stood in the list twice.

Intervals of a difference between two metrics are paired: both are computed on the same resamples, because
they rank the same candidates against the same finals and so err together.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hyperprune.errors import ConfigurationError
from hyperprune.registry import Registry
from hyperprune.seeding import derive

Array = NDArray[np.float64]

# From metric (n,), final (n,) and weights (W, n) to correlations (W,), NaN where one side is constant.
Correlation = Callable[[Array, Array, Array], Array]
CORRELATIONS: Registry[Correlation] = Registry("rank correlation")


@dataclass(frozen=True)
class Estimate:
    """A statistic of the candidates with its percentile interval.

    Attributes:
        value: of the candidates themselves; NaN if undefined (fewer than two, or one side constant).
        low: lower end of the interval; NaN with ``value``.
        high: upper end.
    """

    value: float
    low: float
    high: float


@CORRELATIONS.register("spearman")
def _spearman(metric: Array, final: Array, weights: Array) -> Array:
    """Pearson's correlation of midranks (Spearman 1904)."""
    left, right = _midranks(metric, weights), _midranks(final, weights)
    total = weights.sum(axis=1, keepdims=True)
    left = left - (weights * left).sum(axis=1, keepdims=True) / total
    right = right - (weights * right).sum(axis=1, keepdims=True) / total
    spread = (weights * left**2).sum(axis=1) * (weights * right**2).sum(axis=1)
    return _ratio((weights * left * right).sum(axis=1), spread)


@CORRELATIONS.register("kendall")
def _kendall(metric: Array, final: Array, weights: Array) -> Array:
    """Tau-b: concordant less discordant pairs, over pairs not tied on either side (Kendall 1945)."""
    left = np.sign(metric[:, None] - metric[None, :])
    right = np.sign(final[:, None] - final[None, :])
    untied = _pairs(np.abs(left), weights) * _pairs(np.abs(right), weights)
    return _ratio(_pairs(left * right, weights), untied)


def correlation(kind: str, metric: ArrayLike, final: ArrayLike) -> float:
    """Rank correlation of an early metric with the final scores, 1 for the same order.

    Args:
        kind: ``spearman`` (midranks for ties) or ``kendall`` (tau-b).
        metric: ``(n,)``.
        final: ``(n,)``.

    Raises:
        ConfigurationError: the lengths differ, or a value is not finite.
        UnknownNameError: no such kind.
    """
    left, right = _checked(metric, final)
    return float(CORRELATIONS[kind](left, right, np.ones((1, len(left))))[0])


def resamples(candidates: int, draws: int, seed: int) -> Array:
    """Bootstrap weights ``(draws, candidates)``, the same for the same arguments."""
    generator = np.random.default_rng(derive(seed, "bootstrap"))
    even = np.full(candidates, 1 / max(candidates, 1))
    weights: Array = generator.multinomial(candidates, even, size=draws).astype(np.float64)
    return weights


def estimate(kind: str, metric: ArrayLike, final: ArrayLike, weights: Array, level: float = 0.95) -> Estimate:
    """A rank correlation with its bootstrap interval over candidates (Efron 1979, percentiles).

    Resamples in which one side is constant have no correlation and are left out.

    Args:
        kind: ``spearman`` or ``kendall``.
        metric: ``(n,)``.
        final: ``(n,)``.
        weights: of :func:`resamples`, ``(W, n)``; the same ones for all that will be compared.
        level: probability with which such intervals hold the value of all candidates there could be.
    """
    left, right = _checked(metric, final)
    return _interval(correlation(kind, left, right), CORRELATIONS[kind](left, right, weights), level)


def difference(
    kind: str, metric: ArrayLike, other: ArrayLike, final: ArrayLike, weights: Array, level: float = 0.95
) -> Estimate:
    """Correlation of ``metric`` less that of ``other``, with the paired interval of the difference.

    Arguments as in :func:`estimate`.
    """
    (left, right), (against, _) = _checked(metric, final), _checked(other, final)
    value = correlation(kind, left, right) - correlation(kind, against, right)
    rule = CORRELATIONS[kind]
    return _interval(value, rule(left, right, weights) - rule(against, right, weights), level)


def midranks(values: ArrayLike) -> Array:
    """Place of each value in ascending order, from 1; equal values share the mean of their places."""
    array = np.asarray(values, dtype=np.float64)
    ranks: Array = _midranks(array, np.ones((1, len(array))))[0]
    return ranks


def regret(final: Sequence[float], chosen: int) -> float:
    """How much worse the chosen candidate's final score is than the best known one."""
    return float(final[chosen] - min(final))


def random_regret(final: Sequence[float], trained: int = 1) -> float:
    """Mean regret of training ``trained`` candidates, drawn at random, to the end and taking the best.

    Exact: the i-th best of n is the best of the draw in C(n - i, trained - 1) of C(n, trained) draws.

    Raises:
        ConfigurationError: ``trained`` is not between 1 and the number of candidates.
    """
    if not 1 <= trained <= len(final):
        raise ConfigurationError(
            f"a draw holds 1 to {len(final)} of {len(final)} candidates, got {trained}: give one of these"
        )
    draws = math.comb(len(final), trained)
    chances = [math.comb(len(final) - place, trained - 1) / draws for place in range(1, len(final) + 1)]
    return sum(c * (f - min(final)) for c, f in zip(chances, sorted(final), strict=True))


def _checked(metric: ArrayLike, final: ArrayLike) -> tuple[Array, Array]:
    left, right = np.asarray(metric, dtype=np.float64), np.asarray(final, dtype=np.float64)
    if left.ndim != 1 or left.shape != right.shape:
        raise ConfigurationError(
            f"metric and final scores must be two lists of one length, got shapes {left.shape} and "
            f"{right.shape}: leave out candidates that lack one"
        )
    if not (np.isfinite(left).all() and np.isfinite(right).all()):
        raise ConfigurationError(
            "metric and final scores must be finite, got NaN or infinity: leave out candidates that failed"
        )
    return left, right


def _midranks(values: Array, weights: Array) -> Array:
    """Midranks ``(W, n)`` of the values in each draw."""
    below = (values[None, :] < values[:, None]).astype(np.float64)
    equal = (values[None, :] == values[:, None]).astype(np.float64)
    ranks: Array = weights @ (below + equal / 2).T + 0.5
    return ranks


def _pairs(matrix: Array, weights: Array) -> Array:
    """Sum of a matrix over all ordered pairs of each draw, ``(W,)``."""
    total: Array = ((weights @ matrix) * weights).sum(axis=1)
    return total


def _ratio(top: Array, square: Array) -> Array:
    """Top over the root of ``square``; NaN where that is zero, and never beyond 1 by rounding."""
    tiny = square <= 1e-12
    ratio: Array = np.where(tiny, np.nan, np.clip(top / np.sqrt(np.where(tiny, 1.0, square)), -1.0, 1.0))
    return ratio


def _interval(value: float, sample: Array, level: float) -> Estimate:
    known = sample[np.isfinite(sample)]
    if math.isnan(value) or len(known) == 0:
        return Estimate(math.nan, math.nan, math.nan)
    low, high = np.quantile(known, [(1 - level) / 2, (1 + level) / 2])
    return Estimate(value, float(low), float(high))
