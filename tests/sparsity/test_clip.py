"""Clipping of all gradients: torch's, without what multiplies by 1."""

import math

import pytest
import torch
from torch import Tensor, nn

from hyperprune.sparsity.optimizers.clip import clip_all

NORM = 5.0  # of the gradients below


def _parameters(scale: float = 1.0) -> list[nn.Parameter]:
    parameters = [nn.Parameter(torch.zeros(2)), nn.Parameter(torch.zeros(1)), nn.Parameter(torch.zeros(3))]
    parameters[0].grad, parameters[1].grad = torch.tensor([3.0, 0.0]) * scale, torch.tensor([4.0]) * scale
    return parameters


def _gradients(parameters: list[nn.Parameter]) -> list[Tensor]:
    return [parameter.grad for parameter in parameters if parameter.grad is not None]


@pytest.mark.parametrize("scale", [0.3, 1.0, 1 / 3])
@pytest.mark.parametrize("share", [0.1, 0.9, 0.999, 1 - 1e-7, 1.0, 1 + 1e-7, 1.001, 1.1, 10.0])
def test_gradients_and_norm_are_those_of_torch_to_the_bit(share: float, scale: float) -> None:
    own, torchs = _parameters(scale), _parameters(scale)
    largest = NORM * scale * share
    assert torch.equal(clip_all(own, largest), nn.utils.clip_grad_norm_(torchs, largest))
    for found, expected in zip(_gradients(own), _gradients(torchs), strict=True):
        assert torch.equal(found, expected)


def test_gradients_that_are_no_numbers_stay_none() -> None:
    parameters = _parameters(math.nan)
    assert clip_all(parameters, 1.0).isnan()
    assert all(gradient.isnan().any() for gradient in _gradients(parameters))


def test_short_gradients_are_not_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nn.utils, "clip_grads_with_norm_", lambda *_: pytest.fail("they were written"))
    clip_all(_parameters(), 2 * NORM)


def test_a_network_without_gradients_has_norm_zero() -> None:
    assert clip_all([nn.Parameter(torch.zeros(1))], 1.0) == 0
