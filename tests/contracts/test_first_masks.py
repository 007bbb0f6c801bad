"""What every criterion and every weight scale promises; cases by hand are in tests/sparsity."""

import pytest
import torch

from hyperprune.sparsity import CRITERION, WEIGHT_SCALE

# mask rows: two of four, one of four, none, all
MASK = torch.tensor([[1, 0, 1, 0], [0, 0, 1, 0], [0, 0, 0, 0], [1, 1, 1, 1]], dtype=torch.bool)
HAND = {"dense": None, "fan_in": [2**0.5, 2.0, 1.0, 1.0]}


@pytest.mark.parametrize("criterion", CRITERION)
def test_scores_fit_the_matrices_and_change_nothing(criterion: str) -> None:
    rule = CRITERION[criterion]
    weights = {"a": torch.randn(3, 4), "b": torch.randn(2, 2, 3), "empty": torch.zeros(0, 4)}
    draws = {name: torch.rand(w.shape, dtype=torch.float64) for name, w in weights.items()}
    given = {"a": torch.rand(3, 4)} if rule.needs_scores else {}
    before = {name: w.clone() for name, w in weights.items()}
    scores = rule.scores(weights, draws, given)
    for name, weight in weights.items():
        assert scores[name].shape == weight.shape
        assert torch.equal(weight, before[name])
    reads_values = any(not torch.equal(scores[n].double(), draws[n]) for n in ("a", "b"))
    assert rule.trained == reads_values


def test_every_weight_scale_has_a_case_by_hand() -> None:
    assert set(HAND) == set(WEIGHT_SCALE)


@pytest.mark.parametrize("scale", HAND)
def test_factors_by_hand(scale: str) -> None:
    factors, expected = WEIGHT_SCALE[scale].factors, HAND[scale]
    if expected is None:
        assert factors is None
    else:
        assert factors is not None
        torch.testing.assert_close(factors(MASK), torch.tensor(expected, dtype=torch.float64))
        assert factors(torch.zeros(0, 4, dtype=torch.bool)).shape == (0,)
