import pytest
from hypothesis import given
from hypothesis import strategies as st

from hyperprune.errors import DivergedError
from hyperprune.sparsity.counts.apportion import largest_remainder, with_capacity, with_spill


def test_the_largest_remainder_gets_the_rest() -> None:
    assert largest_remainder({"a": 1.0, "b": 2.0, "c": 2.0}, 4) == {"a": 1, "b": 2, "c": 1}
    # quotas 0.8, 1.6, 1.6: one to a for 0.8, one to b for 0.6 and the earlier name


def test_ties_go_by_name_not_by_position() -> None:
    assert largest_remainder({"b": 1.0, "a": 1.0}, 1) == {"b": 0, "a": 1}


def test_a_share_that_does_not_fit_spills_by_free_room() -> None:
    # asked: 10 for a alone; 2 fit, 8 spill to free rooms 12 and 4
    shares = {"a": 1.0, "b": 0.0, "c": 0.0}
    assert with_spill(shares, 10, {"a": 2, "b": 12, "c": 4}) == {"a": 2, "b": 6, "c": 2}


def test_shares_of_zero_go_by_free_room() -> None:
    assert with_spill({"a": 0.0, "b": 0.0}, 3, {"a": 2, "b": 4}) == {"a": 1, "b": 2}


def test_a_full_matrix_is_capped_and_the_others_scaled() -> None:
    # 6 each would overfill a; the 4 left over after it are split 1 : 1
    assert with_capacity({"a": 1.0, "b": 1.0, "c": 1.0}, 18, {"a": 2, "b": 20, "c": 20}) == {
        "a": 2,
        "b": 8,
        "c": 8,
    }


@pytest.mark.parametrize("share", [-1.0, float("nan"), float("inf")])
def test_an_impossible_share_means_divergence(share: float) -> None:
    with pytest.raises(DivergedError, match="the share of a must be finite"):
        largest_remainder({"a": share}, 1)


ROOMS = st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 30), min_size=1)


@given(ROOMS, st.data())
def test_the_total_is_always_handed_out_within_the_room(room: dict[str, int], data: st.DataObject) -> None:
    total = data.draw(st.integers(0, sum(room.values())))
    shares = {n: data.draw(st.floats(0, 1e6, allow_subnormal=False)) for n in room}
    for split in (with_spill, with_capacity):
        counts = split(shares, total, room)
        assert sum(counts.values()) == total
        assert all(0 <= counts[n] <= room[n] for n in room)
