"""Laws of the paired block bootstrap that the verdict rests on."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hyperprune.errors import ConfigurationError
from hyperprune.training.verdict.bootstrap import Array, block_length, difference


def mean(values: Array) -> Array:
    """A score that is the mean loss itself."""
    return values


def perplexity(values: Array) -> Array:
    """The exponential of a mean loss."""
    return np.exp(values)


def series(seed: int, n: int, memory: float = 0.0) -> Array:
    """An autoregressive series of unit variance."""
    noise = np.random.default_rng(seed).standard_normal(n) * np.sqrt(1 - memory**2)
    found = np.empty(n)
    found[0] = noise[0] / np.sqrt(1 - memory**2)
    for place in range(1, n):
        found[place] = memory * found[place - 1] + noise[place]
    return found


@pytest.mark.parametrize("ordered", [True, False])
def test_identical_networks_differ_by_nothing(ordered: bool) -> None:
    losses = 90 + series(0, 300)
    found = difference(losses, losses, np.full(300, 20), perplexity, ordered=ordered, seed=1)
    assert (found.value, found.low, found.high) == (0, 0, 0)


@given(st.floats(-3, 3))
@settings(max_examples=20, deadline=None)
def test_a_shift_of_every_window_shifts_the_interval(shift: float) -> None:
    dense, pruned, counts = 90 + series(0, 200), 90 + series(1, 200), np.full(200, 20.0)
    counts[-1] = 7  # a last window that is shorter
    before = difference(dense, pruned, counts, mean, ordered=True, seed=1, draws=500)
    after = difference(dense, pruned + shift * counts, counts, mean, ordered=True, seed=1, draws=500)
    moved = np.array([after.value - before.value, after.low - before.low, after.high - before.high])
    assert np.abs(moved + shift).max() < 1e-11
    assert after.block == before.block


@given(st.integers(0, 10_000), st.booleans())
@settings(max_examples=20, deadline=None)
def test_exchanging_the_networks_turns_the_interval_round(seed: int, ordered: bool) -> None:
    dense, pruned, counts = 3 + series(seed, 100), 3 + series(seed + 1, 100), np.full(100, 4)
    one = difference(dense, pruned, counts, perplexity, ordered=ordered, seed=seed, draws=400)
    other = difference(pruned, dense, counts, perplexity, ordered=ordered, seed=seed, draws=400)
    assert one.block == other.block
    assert np.allclose([one.value, one.low, one.high], [-other.value, -other.high, -other.low], atol=1e-12)


@pytest.mark.parametrize(("memory", "ordered"), [(0.0, False), (0.0, True), (0.6, True)])
def test_the_interval_covers_the_truth_as_often_as_it_says(memory: float, ordered: bool) -> None:
    """400 texts of 500 windows. Both networks find the same windows hard; the second is better by 0.3.

    A rate of 0.95 has a standard error of 0.011 here; blocks of a dependent series cover a little less than
    they say, as all block bootstraps do in short series.
    """
    covered = 0
    for seed in range(400):
        hard = 5 * series(3 * seed, 500, 0.9)
        dense = hard + series(3 * seed + 1, 500, memory)
        pruned = hard - 0.3 + series(3 * seed + 2, 500, memory)
        found = difference(dense, pruned, np.ones(500), mean, ordered=ordered, seed=seed, draws=400)
        covered += found.low <= 0.3 <= found.high
    assert 0.90 <= covered / 400 <= 0.985


def test_single_windows_of_a_dependent_series_give_intervals_that_are_too_narrow() -> None:
    """Why blocks are drawn."""
    dense, pruned = series(0, 1000, 0.8), series(1, 1000, 0.8)
    single, blocks = (
        difference(dense, pruned, np.ones(1000), mean, ordered=ordered, seed=0) for ordered in (False, True)
    )
    assert blocks.high - blocks.low > 1.7 * (single.high - single.low)


def test_blocks_follow_the_dependence_within_their_limits() -> None:
    free, bound = (block_length(series(0, 8000, memory)) for memory in (0.0, 0.9))
    assert free == 20  # the cube root of 8,000
    assert 40 < bound <= 400
    assert block_length(series(0, 60, 0.9)) == 3  # twenty blocks are left
    assert block_length(np.zeros(12)) == 1


def test_means_are_weighted_by_the_counts() -> None:
    """Two windows by hand: 6 nats on 2 tokens and 2 on 2, against 4 and 2."""
    found = difference([6.0, 2.0], [4.0, 2.0], [2, 2], mean, ordered=False, seed=0)
    assert found.value == 0.5
    assert (found.low, found.high) == (0, 1)


def test_the_same_seed_gives_the_same_bits() -> None:
    one, again, other = (
        difference(series(0, 99), series(1, 99), np.ones(99), mean, ordered=True, seed=seed)
        for seed in (5, 5, 6)
    )
    assert one == again
    assert one.low != other.low


def test_many_items_are_drawn_in_blocks_however_independent() -> None:
    found = difference(
        series(0, 25_000), series(1, 25_000), np.ones(25_000), mean, ordered=False, seed=0, draws=50
    )
    assert found.block == 3


@pytest.mark.parametrize(
    ("dense", "pruned", "counts"),
    [
        ([1.0, 2.0], [1.0], [1, 1]),
        ([1.0], [1.0], [1]),
        ([1.0, np.nan], [1.0, 1.0], [1, 1]),
        ([1.0, 1.0], [1.0, 1.0], [0, 0]),
    ],
)
def test_what_cannot_be_compared_is_refused(
    dense: list[float], pruned: list[float], counts: list[int]
) -> None:
    with pytest.raises(ConfigurationError, match=r"give|evaluate"):
        difference(dense, pruned, counts, mean, ordered=False, seed=0)
