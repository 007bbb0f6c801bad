"""What every decay promises, and its values at four points of the budget."""

import itertools

import pytest
import torch

from hyperprune.sparsity import DECAY

# decay: rates at 0, 1/4, 1/2 and 1 of the budget from 0.8
HAND = {
    "constant": [0.8, 0.8, 0.8, 0.8],
    "linear": [0.8, 0.6, 0.4, 0.0],
    "cosine_to_zero": [0.8, 0.8 * (1 + 2**-0.5) / 2, 0.4, 0.0],
    "cosine": [0.8, 0.005 + 0.795 * (1 + 2**-0.5) / 2, 0.4025, 0.005],
}


def test_every_decay_has_a_case_by_hand() -> None:
    assert set(HAND) == set(DECAY)


@pytest.mark.parametrize("decay", HAND)
def test_four_points_by_hand(decay: str) -> None:
    rates = [DECAY[decay].rate(0.8, progress) for progress in (0.0, 0.25, 0.5, 1.0)]
    assert rates == pytest.approx(HAND[decay])


@pytest.mark.parametrize("initial", [0.0, 0.003, 0.3, 0.7, 0.9])
@pytest.mark.parametrize("decay", DECAY)
def test_a_decay_begins_at_the_rate_asked_for_and_never_rises(decay: str, initial: float) -> None:
    rates = [DECAY[decay].rate(initial, step / 50) for step in range(51)]
    assert rates[0] == initial  # exactly, or floor(p * nnz) would lose a weight
    assert all(later <= earlier for earlier, later in itertools.pairwise(rates))
    assert all(0 <= rate < 1 for rate in rates)


@pytest.mark.parametrize(("decay", "last"), [("cosine", 0.005), ("cosine_to_zero", 0.0)])
def test_cosines_are_torch_s_annealing(decay: str, last: float) -> None:
    """Selfish-RNN's code anneals the death rate by torch's scheduler to 0.005, RigL's to 0."""
    steps = 400
    rate = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.8)
    annealing = torch.optim.lr_scheduler.CosineAnnealingLR(rate, T_max=steps, eta_min=last)
    for step in range(steps + 1):
        # torch multiplies factors up from step to step: 400 roundings of 1e-16
        assert DECAY[decay].rate(0.8, step / steps) == pytest.approx(rate.param_groups[0]["lr"], abs=1e-12)
        rate.step()
        annealing.step()
