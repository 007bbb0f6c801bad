"""Gradients of the distance against finite differences, in float64."""

import pytest
import torch
from torch import Tensor, nn

from hyperprune import lyapunov


def gradient_and_difference(module: nn.Module, name: str, loss: object) -> tuple[float, float]:
    """Derivative along a random direction of one weight: by autograd, and by central differences."""
    weight = module.get_parameter(name)
    direction = torch.randn_like(weight)
    module.zero_grad()
    loss().backward()
    by_autograd = float((weight.grad * direction).sum())
    size, values = 1e-6, []
    with torch.no_grad():
        for sign in (1, -1):
            weight.add_(direction, alpha=sign * size)
            values.append(float(loss()))
            weight.sub_(direction, alpha=sign * size)
    return by_autograd, (values[0] - values[1]) / (2 * size)


@pytest.mark.parametrize("kind", ["l2", "wasserstein"])
@pytest.mark.parametrize("make", [nn.LSTM, nn.GRU, nn.RNN])
def test_gradient_of_the_distance(make: type[nn.Module], kind: str) -> None:
    module, inputs = make(3, 5, 2).double(), torch.randn(12, 2, 3).double()
    target = lyapunov.spectrum(make(3, 5, 2).double(), inputs, warmup=2)

    def loss() -> Tensor:
        found = lyapunov.spectrum(module, inputs, warmup=2, differentiable=True)
        return lyapunov.distance_tensor(found, target, kind)

    for name in ("weight_hh_l0", "weight_hh_l1", "weight_ih_l0", "bias_hh_l0"):
        by_autograd, by_difference = gradient_and_difference(module, name, loss)
        # central differences: an error of order 1e-12 times a third derivative, rounding 1e-16 / 1e-6
        assert by_autograd == pytest.approx(by_difference, rel=1e-5, abs=1e-8)


@pytest.mark.parametrize(
    "options", [{"state": "full"}, {"direction": "adjoint"}, {"layerwise": False}, {"k": 2}]
)
def test_gradient_in_every_convention(options: dict[str, object]) -> None:
    module, inputs = nn.LSTM(3, 4, 2, proj_size=3).double(), torch.randn(8, 2, 3).double()

    def loss() -> Tensor:
        return lyapunov.spectrum(module, inputs, differentiable=True, **options).mean.square().sum()

    for name in ("weight_hh_l0", "weight_hr_l1"):
        by_autograd, by_difference = gradient_and_difference(module, name, loss)
        assert by_autograd == pytest.approx(by_difference, rel=1e-5, abs=1e-8)


def test_gradient_through_a_step_function_and_to_the_inputs() -> None:
    module, inputs = nn.Linear(6, 4).double(), torch.randn(7, 2, 2).double().requires_grad_()

    def step(state: Tensor, x: Tensor) -> Tensor:
        return torch.tanh(module(torch.cat([state, x], dim=1)))

    def loss() -> Tensor:
        start = torch.zeros(2, 4).double()
        return lyapunov.spectrum(step, inputs, initial_state=start, differentiable=True).mean.exp().sum()

    by_autograd, by_difference = gradient_and_difference(module, "weight", loss)
    assert by_autograd == pytest.approx(by_difference, rel=1e-5, abs=1e-8)
    assert inputs.grad is not None
    assert inputs.grad.abs().sum() > 0


def test_values_are_those_of_the_plain_computation() -> None:
    module, inputs = nn.LSTM(3, 5, 2).double(), torch.randn(12, 2, 3).double()
    plain = lyapunov.spectrum(module, inputs, warmup=2)
    differentiable = lyapunov.spectrum(module, inputs, warmup=2, differentiable=True)
    assert differentiable.exponents.requires_grad
    assert not plain.exponents.requires_grad
    torch.testing.assert_close(plain.exponents, differentiable.exponents.detach(), atol=1e-12, rtol=0)


def test_descending_the_distance_brings_spectra_closer() -> None:
    module, inputs = nn.GRU(3, 6).double(), torch.randn(12, 2, 3).double()
    target = lyapunov.spectrum(nn.GRU(3, 6).double(), inputs)
    optimizer = torch.optim.Adam(module.parameters(), lr=0.02)
    losses = []
    for _ in range(25):
        optimizer.zero_grad()
        loss = lyapunov.distance_tensor(lyapunov.spectrum(module, inputs, differentiable=True), target)
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.5 * losses[0]
