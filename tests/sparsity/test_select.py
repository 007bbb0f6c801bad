import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from hyperprune.sparsity import keep_highest


def _mask(bits: str) -> torch.Tensor:
    return torch.tensor([bit == "1" for bit in bits])


def test_the_highest_are_kept() -> None:
    scores = torch.tensor([3.0, 1.0, 4.0, 1.5, 5.0, 9.0, 2.0, 6.0])
    assert torch.equal(keep_highest(scores, _mask("11111111"), 3), _mask("00001101"))


def test_ties_go_to_the_lower_index() -> None:
    assert torch.equal(keep_highest(torch.ones(8), _mask("01101111"), 3), _mask("01101000"))


def test_only_entries_of_the_mask_can_be_kept() -> None:
    scores = torch.tensor([9.0, 9.0, 1.0, 2.0])
    assert torch.equal(keep_highest(scores, _mask("0011"), 1), _mask("0001"))


def test_what_is_not_a_number_ranks_lowest() -> None:
    scores = torch.tensor([float("nan"), -float("inf"), 0.0, float("inf")])
    assert torch.equal(keep_highest(scores, _mask("1111"), 2), _mask("0011"))
    assert torch.equal(keep_highest(scores, _mask("1111"), 3), _mask("1011"))


def test_all_and_none_and_empty() -> None:
    among = _mask("0110")
    everything = keep_highest(torch.zeros(4), among, 2)
    assert torch.equal(everything, among)
    assert everything is not among
    assert not keep_highest(torch.zeros(4), among, 0).any()
    assert keep_highest(torch.zeros(0, 3), torch.zeros(0, 3, dtype=torch.bool), 0).shape == (0, 3)


@pytest.mark.parametrize("count", [-1, 3])
def test_a_count_that_does_not_fit_is_an_error(count: int) -> None:
    with pytest.raises(ValueError, match="cannot keep"):
        keep_highest(torch.zeros(4), _mask("0110"), count)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_every_floating_type_is_ranked(dtype: torch.dtype) -> None:
    scores = torch.tensor([[0.5, 2.0], [1.0, 0.25]], dtype=dtype)
    kept = keep_highest(scores, torch.ones(2, 2, dtype=torch.bool), 2)
    assert kept.tolist() == [[False, True], [True, False]]


@given(st.lists(st.tuples(st.integers(-2, 2), st.booleans()), max_size=40), st.data())
def test_selection_agrees_with_a_sort(entries: list[tuple[int, bool]], data: st.DataObject) -> None:
    among = torch.tensor([entry[1] for entry in entries], dtype=torch.bool)
    scores = torch.tensor([float(entry[0]) for entry in entries])
    count = data.draw(st.integers(0, int(among.sum())))
    order = sorted((i for i, entry in enumerate(entries) if entry[1]), key=lambda i: (-entries[i][0], i))
    expected = torch.zeros_like(among)
    expected[order[:count]] = True
    assert torch.equal(keep_highest(scores, among, count), expected)
