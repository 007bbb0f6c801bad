"""The engine against the definition written out, in float64."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest
import torch
from torch import nn

from hyperprune import lyapunov


def _load() -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        "lyapunov_reference", Path(__file__).with_name("reference.py")
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


reference = _load()


@pytest.mark.parametrize("state", ["hidden", "full"])
@pytest.mark.parametrize("direction", ["forward", "adjoint"])
@pytest.mark.parametrize("layerwise", [None, False])
def test_stacked_lstm_is_the_definition(state: str, direction: str, layerwise: bool | None) -> None:
    module, inputs = nn.LSTM(5, 7, 2).double(), torch.randn(12, 3, 5).double()
    found = lyapunov.spectrum(
        module, inputs, state=state, direction=direction, layerwise=layerwise, warmup=3, floor=None
    )
    expected = reference.lstm_by_definition(
        module, inputs, adjoint=direction == "adjoint", full=state == "full", warmup=3
    )
    # the full state's smallest exponents are near -4 nats a step: conditioning costs a few digits
    torch.testing.assert_close(found.exponents, expected, atol=1e-10, rtol=0)


@pytest.mark.parametrize("direction", ["forward", "adjoint"])
@pytest.mark.parametrize("state", ["hidden", "full"])
@pytest.mark.parametrize("steps", [1, 2, 30])
def test_layerwise_equals_whole_state_at_every_length(direction: str, state: str, steps: int) -> None:
    module, inputs = nn.LSTM(8, 32, 2).double(), torch.randn(40, 2, 8).double()
    options = {"direction": direction, "state": state, "warmup": 10, "steps": steps}
    by_layer = lyapunov.spectrum(module, inputs, **options)
    whole = lyapunov.spectrum(module, inputs, layerwise=False, **options)
    torch.testing.assert_close(by_layer.exponents, whole.exponents, atol=1e-9, rtol=0)


def test_layerwise_equals_whole_state_for_layers_of_different_kind_and_size() -> None:
    stack = [nn.LSTM(4, 6, 2), nn.GRU(6, 5), nn.RNN(5, 3), nn.LSTM(3, 6, proj_size=2)]
    stack = [module.double() for module in stack]
    inputs = torch.randn(15, 2, 4).double()
    for direction in lyapunov.DIRECTIONS:
        for state in lyapunov.STATES:
            by_layer = lyapunov.spectrum(stack, inputs, direction=direction, state=state)
            whole = lyapunov.spectrum(stack, inputs, direction=direction, state=state, layerwise=False)
            torch.testing.assert_close(by_layer.exponents, whole.exponents, atol=1e-9, rtol=0)


def test_k_columns_are_the_prefix_of_the_full_recursion() -> None:
    module, inputs = nn.LSTM(6, 20, 2).double(), torch.randn(30, 2, 6).double()
    full = lyapunov.spectrum(module, inputs, warmup=5)
    for k in (1, 4, 13, 20):  # below and above where the reflectors pay
        part = lyapunov.spectrum(module, inputs, warmup=5, k=k)
        assert part.layer_sizes == (min(k, 20),) * 2
        torch.testing.assert_close(part.exponents, full.leading(k).exponents, atol=1e-10, rtol=0)


@pytest.mark.parametrize("direction", ["forward", "adjoint"])
@pytest.mark.parametrize("k", [None, 3])
def test_warmup_is_a_start_from_the_state_and_q_after_it(direction: str, k: int | None) -> None:
    module, inputs = nn.LSTM(6, 12, 2).double(), torch.randn(30, 2, 6).double()
    at_once = lyapunov.spectrum(module, inputs, warmup=10, direction=direction, k=k)
    first = lyapunov.spectrum(module, inputs[:10], direction=direction, k=k, keep_end=True)
    later = lyapunov.spectrum(module, inputs[10:], direction=direction, k=k, start=first.end)
    # h and c: the smallest exponents are near -8 nats a step, conditioning costs a digit more
    torch.testing.assert_close(later.exponents, at_once.exponents, atol=1e-10, rtol=0)


def test_whole_state_goes_on_from_its_end_too() -> None:
    module, inputs = nn.LSTM(6, 8, 2).double(), torch.randn(30, 2, 6).double()
    at_once = lyapunov.spectrum(module, inputs, warmup=10, layerwise=False)
    first = lyapunov.spectrum(module, inputs[:10], layerwise=False, keep_end=True)
    later = lyapunov.spectrum(module, inputs[10:], layerwise=False, start=first.end)
    torch.testing.assert_close(later.exponents, at_once.exponents, atol=1e-11, rtol=0)


def test_paper_preset_is_the_published_procedure() -> None:
    """Ten warm-up products without QR, one QR, then 35 steps from the first input again, in log2."""
    module, inputs = nn.LSTM(5, 8, 2).double(), torch.randn(35, 2, 5).double()
    found = lyapunov.spectrum(module, inputs, preset="paper")
    assert found.unit == "bits/step"
    assert found.layer_sizes == (8, 8)
    assert found.counts.tolist() == [35, 35]
    # the same procedure by its parts: the warm-up's product has the Q of a QR at every step
    twice = torch.cat([inputs[:10], inputs])
    expected = lyapunov.spectrum(
        module, twice, state="hidden", direction="adjoint", warmup=10, log_base=2, floor=None
    )
    torch.testing.assert_close(found.exponents, expected.exponents, atol=1e-8, rtol=0)


def test_paper_preset_layerwise_equals_whole_state() -> None:
    small, inputs = nn.LSTM(5, 32, 2).double(), torch.randn(35, 2, 5).double()
    by_layer = lyapunov.spectrum(small, inputs, preset="paper")
    whole = lyapunov.spectrum(small, inputs, preset="paper", layerwise=False)
    torch.testing.assert_close(by_layer.exponents, whole.exponents, atol=1e-9, rtol=0)


def test_paper_preset_with_qr_in_warmup_is_exact_at_larger_sizes() -> None:
    large, inputs = nn.LSTM(5, 100, 2).double(), torch.randn(35, 1, 5).double()
    by_layer = lyapunov.spectrum(large, inputs, preset="paper", warmup_qr=True, steps=20)
    default = lyapunov.spectrum(large, inputs, preset="paper", steps=20)
    assert by_layer.conventions.preset == "paper"
    whole = lyapunov.spectrum(
        large,
        torch.cat([inputs[:10], inputs]),
        state="hidden",
        direction="adjoint",
        warmup=10,
        steps=20,
        log_base=2,
        floor=None,
        layerwise=False,
    )
    torch.testing.assert_close(by_layer.exponents, whole.exponents, atol=1e-10, rtol=0)
    assert (default.exponents - whole.exponents).abs().max() > 1e-10
