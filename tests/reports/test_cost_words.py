"""What a search cost, in words."""

import pytest

from hyperprune.reports import rows


@pytest.mark.parametrize(
    ("ratio", "words"), [(1.0, "about as many"), (1.04, "about as many"), (0.5, "0.5 times as many")]
)
def test_never_1_0_times_as_many(ratio: float, words: str) -> None:
    assert rows._as_many(ratio) == words
