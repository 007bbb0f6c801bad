"""What every redistribution rule promises, and one case of eight weights each."""

import pytest
import torch

from hyperprune.errors import DivergedError
from hyperprune.sparsity import REDISTRIBUTION, Topology
from hyperprune.sparsity.counts.apportion import with_spill

# a: 4 weights, 3 live; b: 4 weights, 2 live, and 3 of the 5 died
WEIGHTS = {"a": torch.tensor([1.0, -2.0, 3.0, 0.0]), "b": torch.tensor([0.0, 5.0, -3.0, 0.0])}
MOMENTA = {"a": torch.tensor([2.0, -2.0, 2.0, 9.0]), "b": torch.tensor([9.0, 0.5, -1.5, 9.0])}
MASKS = {"a": torch.tensor([True, True, True, False]), "b": torch.tensor([False, True, True, False])}
LOST = {"a": 2, "b": 1}
# rule: shares, regrown of the 3; a has room for 3, b for 3
HAND = {
    "none": ({"a": 2.0, "b": 1.0}, {"a": 2, "b": 1}),
    "magnitude": ({"a": 2.0, "b": 4.0}, {"a": 1, "b": 2}),
    "momentum": ({"a": 2.0, "b": 1.0}, {"a": 2, "b": 1}),
    "nonzeros": ({"a": 3.0, "b": 2.0}, {"a": 2, "b": 1}),
}


def _topology(momenta: dict[str, torch.Tensor] = MOMENTA) -> Topology:
    return Topology(WEIGHTS, MASKS, {"a": 3, "b": 2}, momenta)


def test_every_rule_has_a_case_by_hand() -> None:
    assert set(HAND) == set(REDISTRIBUTION)


@pytest.mark.parametrize("rule", HAND)
def test_eight_weights_by_hand(rule: str) -> None:
    shares, regrown = HAND[rule]
    assert REDISTRIBUTION[rule].shares(_topology(), LOST) == pytest.approx(shares)
    assert with_spill(REDISTRIBUTION[rule].shares(_topology(), LOST), 3, {"a": 3, "b": 3}) == regrown


@pytest.mark.parametrize("rule", REDISTRIBUTION)
def test_a_matrix_with_no_live_weights_has_no_share(rule: str) -> None:
    empty = torch.zeros(2, 2)
    topology = Topology(
        {**WEIGHTS, "c": empty},
        {**MASKS, "c": empty.bool()},
        {"a": 3, "b": 2, "c": 0},
        {**MOMENTA, "c": torch.ones(2, 2)},
    )
    assert REDISTRIBUTION[rule].shares(topology, {**LOST, "c": 0})["c"] == 0


@pytest.mark.parametrize("rule", REDISTRIBUTION)
def test_only_a_rule_that_says_so_reads_momenta(rule: str) -> None:
    if REDISTRIBUTION[rule].needs_momentum:
        with pytest.raises(KeyError):
            REDISTRIBUTION[rule].shares(_topology({}), LOST)
    else:
        assert REDISTRIBUTION[rule].shares(_topology({}), LOST).keys() == MASKS.keys()


def test_weights_that_left_the_numbers_are_an_error_of_training() -> None:
    broken = Topology({**WEIGHTS, "a": torch.full((4,), torch.nan)}, MASKS, {"a": 3, "b": 2})
    with pytest.raises(DivergedError, match="the share of a must be finite"):
        with_spill(REDISTRIBUTION["magnitude"].shares(broken, LOST), 3, {"a": 3, "b": 3})
