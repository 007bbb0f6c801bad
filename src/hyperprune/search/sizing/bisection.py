"""Bisection over a grid of sparsities; pure, so that the same answers ask the same questions."""

from collections.abc import Mapping, Sequence


def next_probe(grid: Sequence[float], passed: Mapping[float, bool]) -> float | None:
    """The sparsity to be tried next; none when the answer is known.

    Each answer halves what is left: one that passes leaves the sparser part of the grid, one that fails the
    other. So ``ceil(log2(n + 1))`` answers are enough for n sparsities.

    Args:
        grid: sparsities that ascend.
        passed: what is known of those that were tried.
    """
    low, high = _bounds(grid, passed)
    return None if high - low == 1 else grid[(low + high) // 2]


def sparsest(grid: Sequence[float], passed: Mapping[float, bool]) -> float | None:
    """The sparsest that passes, when nothing is left to be tried; none if not even the first does.

    If whatever is less sparse than one that passes passes too, this is the sparsest of the grid that does.
    Otherwise it is one that passes and whose next one, if there is any, does not.
    """
    low, _ = _bounds(grid, passed)
    return None if low < 0 else grid[low]


def _bounds(grid: Sequence[float], passed: Mapping[float, bool]) -> tuple[int, int]:
    """Indices of the last that passed and of the first that failed, as the answers led there."""
    low, high = -1, len(grid)
    while high - low > 1:
        middle = (low + high) // 2
        answer = passed.get(grid[middle])
        if answer is None:
            break
        low, high = (middle, high) if answer else (low, middle)
    return low, high
