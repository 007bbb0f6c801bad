"""What every initial allocation promises, and one case of eight weights each."""

import pytest

from hyperprune.sparsity import SPARSE_INIT
from hyperprune.sparsity.counts.apportion import with_capacity

SHAPES = {"a": (1, 2), "b": (2, 3)}
# rule: shares, live weights of 4; er would give a 3 * 4 / 8 = 1.5 and b 2.5: a tie that the name decides
HAND = {
    "uniform": ({"a": 2.0, "b": 6.0}, {"a": 1, "b": 3}),
    "er": ({"a": 3.0, "b": 5.0}, {"a": 2, "b": 2}),
}


def test_every_rule_has_a_case_by_hand() -> None:
    assert set(HAND) == set(SPARSE_INIT)


@pytest.mark.parametrize("rule", HAND)
def test_eight_weights_by_hand(rule: str) -> None:
    shares, live = HAND[rule]
    assert SPARSE_INIT[rule].shares(SHAPES) == shares
    assert with_capacity(shares, 4, {"a": 2, "b": 6}) == live


@pytest.mark.parametrize("total", range(9))
@pytest.mark.parametrize("rule", SPARSE_INIT)
def test_every_total_fits(rule: str, total: int) -> None:
    live = with_capacity(SPARSE_INIT[rule].shares(SHAPES), total, {"a": 2, "b": 6})
    assert sum(live.values()) == total
    assert 0 <= live["a"] <= 2
    assert 0 <= live["b"] <= 6


@pytest.mark.parametrize("rule", SPARSE_INIT)
def test_a_matrix_without_weights_has_no_share(rule: str) -> None:
    assert SPARSE_INIT[rule].shares({"a": (0, 7), "b": (2, 3)})["a"] == 0
