"""What reaches the recurrent module inside a network is what the spectrum is taken along."""

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pack_sequence

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


@pytest.mark.parametrize("make", [nn.GRU, nn.LSTM])
@pytest.mark.parametrize("batch_first", [False, True])
def test_packed_sequences_are_measured_on_their_own_steps(make: type[nn.RNNBase], batch_first: bool) -> None:
    lengths = [9, 4, 7, 9, 5]

    class Packing(Inside):
        def forward(self, x: Tensor) -> Tensor:
            packed = pack_padded_sequence(self.before(x), lengths, enforce_sorted=False)
            output: Tensor = self.core(packed)[0].data
            return output

    network = Packing(make(3, 4, batch_first=batch_first))
    driven = drive(network, INPUTS)
    assert driven.mask is not None
    assert driven.mask.sum(dim=0).tolist() == lengths
    found = driven.spectrum(warmup=1)
    assert found.counts.tolist() == [length - 1 for length in lengths]
    assert driven.first(6, 3).spectrum(warmup=1).counts.tolist() == [5, 3, 5]
    for number, length in enumerate(lengths):
        with torch.no_grad():
            own = network.before(INPUTS[:length, number : number + 1])
        alone = spectrum([network.core], own, warmup=1)
        torch.testing.assert_close(found.exponents[number], alone.exponents[0], atol=1e-4, rtol=0)
    lengths[:] = [9] * 5
    assert drive(network, INPUTS).mask is None


def test_a_packed_sequence_may_be_given_itself() -> None:
    module, sequences = nn.LSTM(3, 4), [torch.randn(length, 3) for length in (9, 5, 7)]
    found = spectrum(module, pack_sequence(sequences, enforce_sorted=False), warmup=2)
    assert found.counts.tolist() == [7, 3, 5]
    alone = spectrum(module, sequences[1], warmup=2)
    torch.testing.assert_close(found.exponents[1], alone.exponents[0], atol=1e-4, rtol=0)


def test_a_loop_that_changes_the_state_around_a_cell_is_not_read_as_the_cell() -> None:
    """h = .8 h + .2 cell(v, h): all but the first recorded state were discarded."""

    class Leaky(nn.Module):
        def __init__(self, leak: float) -> None:
            super().__init__()
            self.cell, self.leak = nn.GRUCell(2, 4), leak

        def forward(self, x: Tensor) -> Tensor:
            h = x.new_zeros(x.shape[1], 4)
            for v in x:
                new = self.cell(v, h)
                h = new if self.leak == 0 else self.leak * h + (1 - self.leak) * new
            return h

    with pytest.raises(ConfigurationError, match=r"loop around cell changes its state: call 2 .* 0\.8 \* h"):
        drive(Leaky(0.8), INPUTS)
    drive(Leaky(0.0), INPUTS)
    network = Leaky(0.8)
    found = spectrum(lambda h, x: 0.8 * h + 0.2 * network.cell(x, h), INPUTS, initial_state=torch.zeros(5, 4))
    assert found.exponents.shape == (5, 4)

    class Forgetful(Leaky):
        def forward(self, x: Tensor) -> Tensor:
            return torch.stack([self.cell(v) for v in x])

    with pytest.raises(ConfigurationError, match="loop around cell changes its state"):
        drive(Forgetful(0.0), INPUTS)


def test_a_network_takes_named_inputs_from_a_dictionary() -> None:
    network = Inside(nn.GRU(3, 4))
    assert torch.equal(drive(network, {"x": INPUTS}).inputs, drive(network, INPUTS).inputs)


def test_driving_uses_up_no_random_numbers() -> None:
    class Noisy(Inside):
        def forward(self, x: Tensor) -> Tensor:
            return super().forward(x + 0.1 * torch.randn_like(x))

    network = Noisy(nn.GRU(3, 4))
    torch.manual_seed(5)
    drive(network, INPUTS)
    after = torch.rand(1)
    torch.manual_seed(5)
    assert torch.equal(after, torch.rand(1))
