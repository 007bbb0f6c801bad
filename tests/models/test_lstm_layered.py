"""The direct call of the kernel: torch's own module bit for bit, and its words where something is wrong."""

import pytest
import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn.utils import parametrize

from hyperprune.models.layers.lstm_layered import LayeredLSTM

SIZES = (3, 4, 2)


def _pair(dropout: float = 0.0) -> tuple[LayeredLSTM, nn.LSTM]:
    torch.manual_seed(5)
    own, torchs = LayeredLSTM(*SIZES, dropout=dropout), nn.LSTM(*SIZES, dropout=dropout)
    torchs.load_state_dict(own.state_dict())
    return own, torchs


def _given(batch: int = 2) -> tuple[Tensor, tuple[Tensor, Tensor]]:
    torch.manual_seed(6)
    inputs, h, c = torch.randn(5, batch, 3), torch.randn(2, batch, 4), torch.randn(2, batch, 4)
    return inputs, (h, c)


def _pass(module: nn.LSTM, inputs: Tensor, state: tuple[Tensor, Tensor] | None) -> list[Tensor]:
    """Outputs, last state and gradients; dropout is drawn from the same seed."""
    torch.manual_seed(7)
    outputs, (h, c) = module(inputs, state)
    loss = outputs.square().sum() + h.sum() + c.prod()
    return [outputs, h, c, *torch.autograd.grad(loss, list(module.parameters()))]


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("carried", [True, False])
def test_it_is_torchs_own_to_the_bit(training: bool, carried: bool) -> None:
    inputs, state = _given()
    own, torchs = (_pass(m.train(training), inputs, state if carried else None) for m in _pair(0.5))
    assert all(torch.equal(a, b) for a, b in zip(own, torchs, strict=True))


@pytest.mark.parametrize(
    ("inputs", "state"),
    [
        (torch.zeros(5, 2, 4), (torch.zeros(2, 2, 4),) * 2),
        (torch.zeros(5, 2, 3), (torch.zeros(2, 3, 4),) * 2),
        (torch.zeros(5, 2, 3), (torch.zeros(2, 2, 4), torch.zeros(1, 2, 4))),
        (torch.zeros(5, 2, 3, dtype=torch.float64), (torch.zeros(2, 2, 4),) * 2),
        (torch.zeros(5, 2, 1, 3), (torch.zeros(2, 2, 4),) * 2),
    ],
)
def test_what_does_not_fit_is_refused_in_torchs_words(inputs: Tensor, state: tuple[Tensor, Tensor]) -> None:
    said = []
    for module in _pair():
        with pytest.raises((RuntimeError, ValueError)) as refused:
            module(inputs, state)
        said.append(str(refused.value))
    assert said[0] == said[1]


def test_weights_that_stand_in_for_parameters_are_used() -> None:
    own, torchs = _pair()
    inputs, state = _given()
    other = {name: torch.randn_like(weight) for name, weight in own.named_parameters()}
    torchs.load_state_dict(other)
    found, expected = functional_call(own, other, (inputs, state)), torchs(inputs, state)
    assert torch.equal(found[0], expected[0])
    assert not torch.equal(found[0], own(inputs, state)[0])


def test_a_parametrised_weight_is_used() -> None:
    class Double(nn.Module):
        def forward(self, weight: Tensor) -> Tensor:
            return 2 * weight

    own, torchs = _pair()
    inputs, state = _given()
    with torch.no_grad():
        torchs.weight_ih_l1.mul_(2)
    parametrize.register_parametrization(own, "weight_ih_l1", Double())
    torch.testing.assert_close(own(inputs, state)[0], torchs(inputs, state)[0])
