"""Batches are a partition of the trials, whatever is known."""

import pytest

from hyperprune.search.asking.batches import batch_of


@pytest.mark.parametrize(("size", "startup"), [(1, 10), (4, 10), (4, 1), (7, 3), (3, 3)])
def test_every_trial_lies_in_exactly_one_batch(size: int, startup: int) -> None:
    for number in range(50):
        batch = batch_of(number, size, startup)
        assert number in batch
        assert all(batch_of(other, size, startup) == batch for other in batch)
        assert len(batch) == (startup if number < startup else size)


def test_batches_by_hand() -> None:
    assert [batch_of(n, 4, 10).start for n in (0, 9, 10, 13, 14, 18)] == [0, 0, 10, 10, 14, 18]
