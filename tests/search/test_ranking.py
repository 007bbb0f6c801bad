"""Rank correlations, intervals and regret: hand cases, ties, laws."""

import itertools
import math

import numpy as np
import pytest

from hyperprune.errors import ConfigurationError
from hyperprune.search.metrics import rank_correlation as ranking

KINDS = ("spearman", "kendall")
FINAL = [38.1, 38.9, 38.4, 39.6, 38.4, 39.0]
METRIC = [5.0, 6.5, 5.5, 6.5, 4.0, 7.0]


def test_spearman_by_hand() -> None:
    """Ranks 1 2 3 4 5 against 2 1 4 3 5: 1 - 6 (1 + 1 + 1 + 1) / (5 * 24) = 0.8."""
    assert ranking.correlation("spearman", [1, 2, 3, 4, 5], [20, 10, 40, 30, 50]) == pytest.approx(0.8)


def test_kendall_by_hand() -> None:
    """Of ten pairs two are discordant: (8 - 2) / 10."""
    assert ranking.correlation("kendall", [1, 2, 3, 4, 5], [20, 10, 40, 30, 50]) == pytest.approx(0.6)


def test_ties_by_hand() -> None:
    """1 2 2 3 against 1 2 3 4: midranks 1 2.5 2.5 4; tau-b (5 - 0) / sqrt(5 * 6)."""
    assert list(ranking.midranks([1, 2, 2, 3])) == [1, 2.5, 2.5, 4]
    assert ranking.correlation("kendall", [1, 2, 2, 3], [1, 2, 3, 4]) == pytest.approx(5 / math.sqrt(30))
    assert ranking.correlation("spearman", [1, 2, 2, 3], [1, 2, 3, 4]) == pytest.approx(
        float(np.corrcoef([1, 2.5, 2.5, 4], [1, 2, 3, 4])[0, 1])
    )


@pytest.mark.parametrize("kind", KINDS)
def test_only_the_order_counts(kind: str) -> None:
    value = ranking.correlation(kind, METRIC, FINAL)
    assert ranking.correlation(kind, np.exp(METRIC), np.log(FINAL)) == pytest.approx(value)
    assert ranking.correlation(kind, FINAL, METRIC) == pytest.approx(value)
    assert ranking.correlation(kind, [-m for m in METRIC], FINAL) == pytest.approx(-value)
    assert ranking.correlation(kind, FINAL, FINAL) == pytest.approx(1)


@pytest.mark.parametrize("kind", KINDS)
def test_weights_are_repetitions(kind: str) -> None:
    """A draw's correlation is that of the list in which each candidate stands as often as it was drawn."""
    weights = ranking.resamples(len(FINAL), 40, seed=3)
    drawn = ranking.CORRELATIONS[kind](np.array(METRIC), np.array(FINAL), weights)
    for row, value in zip(weights.astype(int), drawn, strict=True):
        written_out = ranking.correlation(kind, np.repeat(METRIC, row), np.repeat(FINAL, row))
        assert value == pytest.approx(written_out, abs=1e-12, nan_ok=True)


@pytest.mark.parametrize("kind", KINDS)
def test_a_constant_side_has_no_correlation(kind: str) -> None:
    assert math.isnan(ranking.correlation(kind, [1.0, 1.0, 1.0], [1.0, 2.0, 3.0]))
    assert math.isnan(ranking.estimate(kind, [1.0], [2.0], ranking.resamples(1, 9, 0)).value)


def test_resamples_are_draws_of_n_from_their_seed() -> None:
    weights = ranking.resamples(7, 50, seed=1)
    assert (weights.sum(axis=1) == 7).all()
    assert (weights == ranking.resamples(7, 50, seed=1)).all()
    assert (weights != ranking.resamples(7, 50, seed=2)).any()


@pytest.mark.parametrize("kind", KINDS)
def test_interval_holds_the_value_and_narrows_with_more_candidates(kind: str) -> None:
    noise = np.random.default_rng(0).normal(size=400)
    widths = []
    for count in (20, 400):
        final = np.arange(count, dtype=float)
        metric = final / count + noise[:count] / 2
        found = ranking.estimate(kind, metric, final, ranking.resamples(count, 400, 0))
        assert found.low < found.value < found.high
        widths.append(found.high - found.low)
    assert widths[1] < widths[0] / 2  # sqrt(20) = 4.5 times narrower, up to chance


@pytest.mark.parametrize("kind", KINDS)
def test_differences_are_paired(kind: str) -> None:
    """A metric less itself is 0 in every resample, less its twin in order too, although each is uncertain."""
    weights = ranking.resamples(len(FINAL), 300, 0)
    same = ranking.difference(kind, METRIC, np.exp(METRIC), FINAL, weights)
    assert (same.value, same.low, same.high) == pytest.approx((0, 0, 0), abs=1e-12)
    alone = ranking.estimate(kind, METRIC, FINAL, weights)
    assert alone.high - alone.low > 0.2
    against = ranking.difference(kind, METRIC, FINAL, FINAL, weights)
    assert against.value == pytest.approx(alone.value - 1)


def test_regret_is_the_distance_to_the_best_known() -> None:
    assert ranking.regret(FINAL, 2) == pytest.approx(0.3)
    assert ranking.regret(FINAL, 0) == 0


@pytest.mark.parametrize("trained", range(1, len(FINAL) + 1))
def test_random_regret_is_the_mean_over_all_draws(trained: int) -> None:
    draws = [min(draw) - min(FINAL) for draw in itertools.combinations(FINAL, trained)]
    assert ranking.random_regret(FINAL, trained) == pytest.approx(sum(draws) / len(draws))


def test_refuses_what_cannot_be_ranked() -> None:
    with pytest.raises(ConfigurationError, match="one length"):
        ranking.correlation("kendall", [1, 2], [1, 2, 3])
    with pytest.raises(ConfigurationError, match="finite"):
        ranking.correlation("spearman", [1, float("nan")], [1, 2])
    with pytest.raises(ConfigurationError, match="draw"):
        ranking.random_regret(FINAL, 0)
    with pytest.raises(ConfigurationError, match="spearman"):
        ranking.correlation("pearson", [1, 2], [1, 2])
