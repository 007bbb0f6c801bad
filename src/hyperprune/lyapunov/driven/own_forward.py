"""Recurrent modules of torch's kinds with a ``forward`` of their own: differentiated as it is, or refused."""

import copy
from typing import Any

import torch
from torch import Tensor, nn

from hyperprune.errors import ConfigurationError
from hyperprune.lyapunov.layers import GenericLayer, Layer

_KINDS = (nn.LSTM, nn.GRU, nn.RNN, nn.LSTMCell, nn.GRUCell, nn.RNNCell)
_STEPS, _SEQUENCES = 4, 3


def has_own_forward(module: nn.Module) -> bool:
    """Whether a recurrent module's ``forward`` is not that of torch's kind."""
    kind = next((kind for kind in _KINDS if isinstance(module, kind)), None)
    return kind is None or "forward" in vars(module) or type(module).forward is not kind.forward


def cell_layer(module: nn.RNNCellBase, full: bool, dtype: torch.dtype | None) -> GenericLayer:
    """A cell as the function that its ``forward`` is.

    Args:
        module: called as ``module(x, h)``, an LSTM's as ``module(x, (h, c))``.
        full: whether the whole state is tracked.
        dtype: type to compute in; None is the weights' own.
    """
    own = next(module.parameters()).dtype
    wanted = dtype or (own if own in (torch.float32, torch.float64) else torch.float32)
    if wanted != own:
        module = copy.deepcopy(module).to(wanted)
    size, two = int(module.hidden_size), isinstance(module, nn.LSTMCell)

    def step(state: Tensor, x: Tensor | None) -> Tensor:
        if x is None:
            x = state.new_zeros(len(state), int(module.input_size))
        new = module(x, tuple(state.split(size, dim=1)) if two else state)
        if two and isinstance(new, tuple) and len(new) == 2:
            return torch.cat(new, dim=1)
        result: Tensor = new
        return result

    layer = GenericLayer(step, 2 * size if two else size, size, full)
    layer.dtype, layer.device = wanted, next(module.parameters()).device
    layer.features = int(module.input_size)
    return layer


def check_agreement(module: nn.RNNBase, layers: list[Layer]) -> None:
    """Refuse a layered module whose own ``forward`` does not do what its kind does.

    Args:
        module: in evaluation mode; run on a few random steps.
        layers: what its kind does, one a layer.

    Raises:
        ConfigurationError: they give different outputs, or ``forward`` cannot be run.
    """
    generator = torch.Generator().manual_seed(0)
    like = next(module.parameters())
    inputs = torch.randn(_STEPS, _SEQUENCES, module.input_size, generator=generator).to(like)
    expected = inputs.to(layers[0].dtype)
    with torch.no_grad():
        try:
            found: Any = module(inputs.transpose(0, 1) if module.batch_first else inputs)
        except Exception as error:
            raise ConfigurationError(
                f"{type(module).__name__} has a forward of its own, which does not take a sequence as "
                f"torch's does ({type(error).__name__}: {error}): {_REMEDY}"
            ) from error
        for layer in layers:
            zero = expected.new_zeros(_SEQUENCES, layer.state_size)
            expected = layer.run(expected, _STEPS, zero, None).outputs
    outputs = found[0] if isinstance(found, tuple) else found
    if isinstance(outputs, Tensor) and module.batch_first:
        outputs = outputs.transpose(0, 1)
    tolerance = torch.finfo(like.dtype).eps ** 0.5
    same = isinstance(outputs, Tensor) and outputs.shape == expected.shape
    if not same or not torch.allclose(outputs.to(expected), expected, rtol=tolerance, atol=tolerance):
        raise ConfigurationError(
            f"{type(module).__name__} has a forward of its own, which does not do what torch's does: "
            f"{_REMEDY}"
        )


_REMEDY = (
    "give its layers as cells, each a subclass of nn.LSTMCell, GRUCell or RNNCell with that forward, or an "
    "object with step(state, x) (docs/lyapunov.md)"
)
