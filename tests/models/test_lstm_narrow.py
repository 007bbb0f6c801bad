"""An LSTM whose recurrent products alone are narrowed: torch's own in float64, near it in bfloat16."""

from typing import Any

import pytest
import torch
from torch import Tensor

from hyperprune.models.layers import lstm_layered, lstm_narrow, weight_drop, working_type
from hyperprune.models.layers.lstm_layered import LayeredLSTM
from hyperprune.models.layers.weight_drop import WeightDropLSTM


def _layered(inputs: int, units: int) -> LayeredLSTM:
    return LayeredLSTM(inputs, units, 2, dropout=0.5)


def _dropping(inputs: int, units: int) -> WeightDropLSTM:
    return WeightDropLSTM(inputs, units, 0.5)


BUILD = [_layered, _dropping]


def _results(module: Any, dtype: torch.dtype, narrow: torch.dtype | None = None) -> list[Tensor]:
    """Outputs, last states, and the gradients of all weights and of the initial state."""
    layers = module.num_layers
    torch.manual_seed(1)
    inputs = torch.randn(7, 3, 5, dtype=dtype)
    state = tuple(torch.randn(layers, 3, 6, dtype=dtype, requires_grad=True) for _ in range(2))
    torch.manual_seed(2)  # of dropout
    with torch.autocast("cpu", narrow, enabled=narrow is not None):
        outputs, after = module(inputs, state)
        loss = outputs.square().sum() + after[0].sum() + (after[1] ** 3).sum()
    return [outputs, *after, *torch.autograd.grad(loss, [*module.parameters(), *state])]


@pytest.mark.parametrize("build", BUILD)
def test_the_pass_by_hand_is_torchs_own(build: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """In float64, where nothing is narrowed, every output and every gradient."""
    torch.manual_seed(0)
    module = build(5, 6).double()
    plain = _results(module, torch.float64)
    for place in (lstm_layered, lstm_narrow, weight_drop):
        monkeypatch.setattr(place, "narrows", lambda _: True)
    by_hand = _results(module, torch.float64)
    for found, expected in zip(by_hand, plain, strict=True):
        torch.testing.assert_close(found, expected, rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("build", BUILD)
def test_bfloat16_narrows_factors_alone(build: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """States and gradients stay float32; bfloat16 has 8 bits, so a factor is off by 0.4 % at the most."""
    monkeypatch.setattr(working_type, "_WORTH_NARROWING", 0)
    torch.manual_seed(0)
    module = build(5, 6)
    plain, narrow = _results(module, torch.float32), _results(module, torch.float32, torch.bfloat16)
    for found, expected in zip(narrow, plain, strict=True):
        assert found.dtype == torch.float32
        assert (found - expected).abs().max() < 0.02 * expected.abs().max()
    assert not torch.equal(narrow[0], plain[0])


def test_small_matrices_evaluation_and_other_types_are_torchs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lstm_narrow._Recurrence, "apply", lambda *_: pytest.fail("by hand"))
    small, wide = LayeredLSTM(5, 6, 2), LayeredLSTM(256, 256)
    _results(small, torch.float32, torch.bfloat16)
    with torch.autocast("cpu", torch.bfloat16), torch.no_grad():
        wide(torch.randn(2, 1, 256))
    wide(torch.randn(2, 1, 256))
    with pytest.raises(pytest.fail.Exception, match="by hand"), torch.autocast("cpu", torch.bfloat16):
        wide(torch.randn(2, 1, 256))
