"""What reaches the recurrent module inside a network is what the spectrum is taken along."""

import pytest
import torch
from torch import Tensor, nn

from hyperprune.errors import ConfigurationError
from hyperprune.lyapunov import drive, spectrum


class Inside(nn.Module):
    """A recurrent module between two linear ones."""

    def __init__(self, module: nn.Module, begin: bool = False) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.before, self.core, self.begin = nn.Linear(2, 3), module, begin
        for parameter in module.parameters():
            nn.init.normal_(parameter, std=0.4)

    def forward(self, x: Tensor) -> Tensor:
        x = self.before(x)
        if isinstance(self.core, nn.LSTMCell):
            state = None
            for step in x:
                state = self.core(step, state)
            return state[0]
        batch = x.shape[0] if self.core.batch_first else x.shape[1]
        state = torch.full((1, batch, 4), 0.3) if self.begin else None
        return self.core(x, state)[0] if self.begin else self.core(input=x)[0]


INPUTS = torch.randn(9, 5, 2, generator=torch.Generator().manual_seed(1))  # (time, batch, features)


def _exponents(network: Inside, inputs: Tensor) -> Tensor:
    driven = drive(network, inputs)
    return spectrum(driven.system, driven.inputs, initial_state=driven.initial_state).exponents


def test_batch_first_gives_the_same_numbers() -> None:
    plain, turned = Inside(nn.GRU(3, 4)), Inside(nn.GRU(3, 4, batch_first=True))
    turned.load_state_dict(plain.state_dict())
    # the linear layer before sums in another order, in single precision
    torch.testing.assert_close(
        _exponents(plain, INPUTS), _exponents(turned, INPUTS.transpose(0, 1)), atol=1e-5, rtol=0
    )
    with torch.no_grad():
        direct = spectrum(plain.core, plain.before(INPUTS)).exponents
    assert torch.equal(_exponents(plain, INPUTS), direct)


def test_a_state_that_the_network_gives_is_where_the_spectrum_begins() -> None:
    network = Inside(nn.GRU(3, 4), begin=True)
    with torch.no_grad():
        begun = spectrum(network.core, network.before(INPUTS), initial_state=torch.full((1, 5, 4), 0.3))
    assert torch.equal(_exponents(network, INPUTS), begun.exponents)
    assert not torch.equal(_exponents(network, INPUTS), _exponents(Inside(network.core), INPUTS))


def test_a_cell_called_step_by_step_is_followed() -> None:
    network = Inside(nn.LSTMCell(3, 4))
    with torch.no_grad():
        direct = spectrum(network.core, network.before(INPUTS)).exponents
    assert torch.equal(_exponents(network, INPUTS), direct)


def test_no_mark_is_left_on_the_network() -> None:
    network = Inside(nn.GRU(3, 4)).train()
    drive(network, INPUTS)
    assert network.training
    assert not network.core._forward_pre_hooks


def test_several_or_none_ask_which() -> None:
    several = nn.ModuleDict({"a": nn.GRU(2, 2), "b": nn.LSTM(2, 2)})
    with pytest.raises(ConfigurationError, match=r"has 2 \(a, b\): say which one with recurrent = 'a'"):
        drive(several, INPUTS)
    with pytest.raises(ConfigurationError, match=r"one recurrent module, Linear has none: use nn.RNN"):
        drive(nn.Linear(2, 2), INPUTS)
    with pytest.raises(ConfigurationError, match="got 'c': choose one of 'a', 'b'"):
        drive(several, INPUTS, "c")


def test_packed_sequences_are_refused_with_a_remedy() -> None:
    class Packing(Inside):
        def forward(self, x: Tensor) -> Tensor:
            packed = nn.utils.rnn.pack_padded_sequence(self.before(x), [9, 9, 9, 9, 9])
            return self.core(packed)[0].data

    with pytest.raises(ConfigurationError, match=r"received a PackedSequence, .* sequences of one length"):
        drive(Packing(nn.GRU(3, 4)), INPUTS)
