"""What is given, a preset, and a record: which of them holds."""

import math

import pytest
import torch
from torch import nn

from hyperprune import lyapunov
from hyperprune.errors import ConfigurationError
from hyperprune.lyapunov import Conventions
from hyperprune.models.layers.highway import RecurrentHighway

INPUTS = torch.randn(45, 2, 3, generator=torch.Generator().manual_seed(1)).double()


@pytest.mark.parametrize(
    "given",
    [
        {"direction": "forward"},
        {"state": "full"},
        {"log_base": math.e},
        {"warmup": 0},
        {"warmup_qr": True},
        {"rewind": False},
        {"floor": -16.0},
        {"steps": None},
        {"qr_interval": 1},
        {"k": None},
    ],
    ids=lambda given: next(iter(given)),
)
def test_a_default_that_is_given_beside_a_preset_is_respected(given: dict[str, object]) -> None:
    found = lyapunov.spectrum(nn.LSTM(3, 4).double(), INPUTS, preset="paper", **given).conventions
    ((name, value),) = given.items()
    assert getattr(found, name) == value
    others = Conventions.from_preset("paper", **given)
    assert found == others
    assert others.preset == "paper"


def test_the_preset_runs_forward_on_an_rhn_whose_published_jacobian_is_transposed_already() -> None:
    layer = RecurrentHighway(3, 6, 2).double()
    found = lyapunov.spectrum(layer, INPUTS, preset="paper")
    assert found.conventions.direction == "forward"
    twice = torch.cat([INPUTS[:10], INPUTS[:35]])
    expected = lyapunov.spectrum(layer, twice, warmup=10, log_base=2, floor=None)
    torch.testing.assert_close(found.exponents, expected.exponents, atol=1e-8, rtol=0)
    turned = lyapunov.spectrum(layer, INPUTS, preset="paper", direction="adjoint")
    assert turned.conventions.direction == "adjoint"
    assert (turned.exponents - found.exponents).abs().max() > 1e-4
    assert (
        lyapunov.spectrum(nn.LSTM(3, 4).double(), INPUTS, preset="paper").conventions.direction == "adjoint"
    )


def test_an_lstm_s_default_is_its_whole_state_and_sees_chaos_that_h_alone_does_not() -> None:
    """A random LSTM of gain 3: two trajectories part at the rate that (h, c) says; h alone says they meet."""
    torch.manual_seed(0)
    module = nn.LSTM(3, 64).double()
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.normal_(std=3 / 8)
        module.weight_ih_l0.zero_()
    inputs = torch.zeros(1200, 1, 3).double()
    full = lyapunov.spectrum(module, inputs, warmup=200, k=3)
    hidden = lyapunov.spectrum(module, inputs, warmup=200, k=3, state="hidden")
    assert full.layer_sizes == (3,)
    assert lyapunov.spectrum(module, inputs[:3]).layer_sizes == (128,)
    with torch.no_grad():
        state = module(inputs[:200])[1]
        other = tuple(part + 1e-9 * torch.randn_like(part) for part in state)
        growth = []
        for _ in range(1000):
            state, other = (module(inputs[:1], each)[1] for each in (state, other))
            apart = [b - a for a, b in zip(state, other, strict=True)]
            size = torch.cat(apart, dim=-1).norm()
            growth.append((size / 1e-9).log())
            other = tuple(a + d / size * 1e-9 for a, d in zip(state, apart, strict=True))
    rate = float(torch.stack(growth[100:]).mean())
    assert full.largest == pytest.approx(rate, abs=0.02)
    assert hidden.largest < full.largest - 0.1


def test_conventions_are_taken_as_a_record() -> None:
    module = nn.LSTM(3, 4, 2).double()
    chosen = Conventions(state="hidden", direction="adjoint", warmup=5, steps=20, k=3, log_base=2.0)
    found = lyapunov.spectrum(module, INPUTS, conventions=chosen)
    assert found.conventions == chosen
    expected = lyapunov.spectrum(
        module, INPUTS, state="hidden", direction="adjoint", warmup=5, steps=20, k=3, log_base=2
    )
    assert torch.equal(found.exponents, expected.exponents)
    other = lyapunov.spectrum(module, INPUTS, conventions=found.conventions, direction="forward")
    assert (other.conventions.direction, other.conventions.warmup) == ("forward", 5)
    with pytest.raises(ConfigurationError, match=r"two beginnings: .* Conventions.from_preset\('paper'"):
        lyapunov.spectrum(module, INPUTS, conventions=chosen, preset="paper")


@pytest.mark.parametrize(("layerwise", "largest"), [(None, 6), (False, 10)])
def test_k_larger_than_every_layer_is_refused(layerwise: bool | None, largest: int) -> None:
    stack = [nn.GRU(3, 4).double(), nn.GRU(4, 6).double()]
    found = lyapunov.spectrum(stack, INPUTS, k=largest, layerwise=layerwise)
    assert found.layer_sizes == (4, 6)
    with pytest.raises(ConfigurationError, match=f"k must be at most {largest}, .* got {largest + 1}"):
        lyapunov.spectrum(stack, INPUTS, k=largest + 1, layerwise=layerwise)
