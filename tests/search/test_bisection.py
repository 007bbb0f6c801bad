"""Bisection over a grid against looking at every sparsity."""

import itertools
import math

import pytest

from hyperprune.search.config.smallest import GRID
from hyperprune.search.sizing.bisection import next_probe, sparsest


def asked(grid: tuple[float, ...], answers: dict[float, bool]) -> dict[float, bool]:
    """What is tried, and what came of it."""
    passed: dict[float, bool] = {}
    while (sparsity := next_probe(grid, passed)) is not None:
        assert sparsity not in passed, "the same question twice"
        passed[sparsity] = answers[sparsity]
    return passed


@pytest.mark.parametrize("length", [1, 2, 3, 7, len(GRID)])
def test_a_monotone_curve_gives_what_looking_at_all_gives(length: int) -> None:
    grid = GRID[:length]
    for good in range(length + 1):
        answers = {sparsity: place < good for place, sparsity in enumerate(grid)}
        best = max((sparsity for sparsity, passes in answers.items() if passes), default=None)
        tried = asked(grid, answers)
        assert sparsest(grid, tried) == best
        assert len(tried) <= math.ceil(math.log2(length + 1))


@pytest.mark.parametrize("length", [1, 2, 3, 4, 5, 8])
def test_any_curve_gives_one_that_passes_before_one_that_does_not(length: int) -> None:
    """All 2^n curves: the answer passed, and its next one was tried and failed."""
    grid = GRID[:length]
    for curve in itertools.product((False, True), repeat=length):
        answers = dict(zip(grid, curve, strict=True))
        tried = asked(grid, answers)
        found = sparsest(grid, tried)
        if found is None:
            assert tried[grid[0]] is False
            continue
        assert tried[found] is True
        place = grid.index(found)
        assert place == length - 1 or tried[grid[place + 1]] is False


def test_what_is_known_is_not_asked_again() -> None:
    assert next_probe((0.5, 0.7, 0.9), {0.7: True}) == 0.9
    assert next_probe((0.5, 0.7, 0.9), {0.7: True, 0.9: False}) is None
    assert next_probe((0.5, 0.7, 0.9), {0.7: False}) == 0.5


def test_the_grid_is_told_apart_by_four_searches() -> None:
    assert len(GRID) == 15
    assert sorted(set(GRID)) == list(GRID)
