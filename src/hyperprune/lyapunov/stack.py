"""From what a user hands over to a list of layers, layer 1 first."""

import copy
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from hyperprune.errors import ConfigurationError
from hyperprune.lyapunov.contract import Cell
from hyperprune.lyapunov.driven.own_forward import cell_layer, check_agreement, has_own_forward
from hyperprune.lyapunov.driven.plain import plain
from hyperprune.lyapunov.layers import (
    GenericLayer,
    GRULayer,
    Layer,
    LSTMLayer,
    OwnDerivatives,
    RNNLayer,
    Weights,
    read_weights,
    refresh,
)


@dataclass(frozen=True)
class StackOptions:
    """What the layers need to know.

    Attributes:
        full: whether the whole state is tracked.
        dtype: type to compute in, or None for the weights' own.
        keep_graph: whether derivatives by the weights are wanted.
        automatic: whether ``torch.func`` takes the place of every closed form.
    """

    full: bool
    dtype: torch.dtype | None = None
    keep_graph: bool = False
    automatic: bool = False


def build_layers(system: Any, options: StackOptions, initial: Any = None) -> list[Layer]:
    """Layers of ``system``, layer 1 first.

    Args:
        system: a recurrent module of torch, one of its cells, a :class:`Cell`, a step function, or a
            list, tuple or ``nn.ModuleList`` of those.
        options: see :class:`StackOptions`.
        initial: the user's initial state, which tells the size of a bare step function's.

    Raises:
        ConfigurationError: a bidirectional module, or nothing that the engine can run.
    """
    system = plain(system)
    if isinstance(system, list):
        if len(system) == 0:
            raise ConfigurationError("a stack must have at least one layer, got none: give a list of layers")
        own = (
            initial
            if isinstance(initial, list | tuple) and len(initial) == len(system)
            else [None] * len(system)
        )
        parts = [build_layers(part, options, state) for part, state in zip(system, own, strict=True)]
        return [layer for part in parts for layer in part]
    layers = _torch_layers(system, options)
    if layers is None:
        layers = [_generic_layer(system, options, initial)]
    if options.automatic:
        layers = [
            layer if isinstance(layer, GenericLayer) else _without_closed_form(layer) for layer in layers
        ]
    return layers


def _torch_layers(system: Any, options: StackOptions) -> list[Layer] | None:
    if not isinstance(system, nn.RNNBase | nn.RNNCellBase):
        return None
    refresh(system)
    if isinstance(system, nn.RNNCellBase):
        if has_own_forward(system):
            return [cell_layer(system, options.full, options.dtype)]
        return [_torch_layer(system, None, options)]
    if system.bidirectional:
        raise ConfigurationError(
            "a bidirectional network has no state map: its backward half runs against time; "
            "give a module with bidirectional=False"
        )
    layers = [_torch_layer(system, layer, options) for layer in range(system.num_layers)]
    if has_own_forward(system):
        check_agreement(system, layers)
    return layers


def _torch_layer(module: nn.RNNBase | nn.RNNCellBase, layer: int | None, options: StackOptions) -> Layer:
    weights: Weights = read_weights(module, layer, options.dtype, options.keep_graph)
    if isinstance(module, nn.LSTM | nn.LSTMCell):
        return LSTMLayer(weights, options.full)
    if isinstance(module, nn.GRU | nn.GRUCell):
        return GRULayer(weights)
    if isinstance(module, nn.RNN | nn.RNNCell):
        return RNNLayer(weights, str(module.nonlinearity))
    raise ConfigurationError(
        f"{type(module).__name__} is a recurrent module of no known kind: give its layers as cells with "
        "step(state, x) (docs/lyapunov.md)"
    )


def _generic_layer(system: Any, options: StackOptions, initial: Any) -> Layer:
    step: Callable[..., Any]
    if isinstance(system, nn.Module) and not options.keep_graph:
        system = _in_type(system, options.dtype)
    if isinstance(system, Cell):
        step = system.step
    elif callable(system):
        step = _with_input(system)
    else:
        raise ConfigurationError(
            f"system must be a recurrent module, a cell with step(state, x), a step function or a list "
            f"of those, got {type(system).__name__}: see docs/lyapunov.md"
        )
    given = initial.shape[-1] if isinstance(initial, torch.Tensor) and initial.dim() == 2 else None
    size = getattr(system, "state_size", None) or given or getattr(system, "hidden_size", None)
    if size is None:
        raise ConfigurationError(
            f"the state size of {type(system).__name__} must be known: give initial_state (batch, n), "
            "or the cell an attribute state_size"
        )
    own = OwnDerivatives() if options.automatic else OwnDerivatives.of(system)
    hidden = getattr(system, "hidden_size", None) or size
    return GenericLayer(step, int(size), int(hidden), options.full, own)


def _in_type(module: nn.Module, dtype: torch.dtype | None) -> nn.Module:
    """The module, or a copy of it where ``dtype`` is another than that of its floating parameters."""
    own = {value.dtype for value in module.parameters() if value.is_floating_point()}
    return module if dtype is None or own <= {dtype} else copy.deepcopy(module).to(dtype)


def _with_input(function: Callable[..., Any]) -> Callable[..., Any]:
    """``step(state, x)`` from a function that may take the state alone."""
    try:
        inspect.signature(function).bind(None, None)
    except TypeError:
        return lambda state, x: function(state)
    except ValueError:  # a builtin without a signature
        return function
    return function


def _without_closed_form(layer: Layer) -> Layer:
    def step(state: torch.Tensor, x: torch.Tensor | None) -> torch.Tensor:
        return layer.run(None if x is None else x[None], 1, state, None).state

    full = layer.tracked == layer.state_size
    generic = GenericLayer(step, layer.state_size, layer.hidden_size, full, known=layer.patterns())
    generic.dtype, generic.device = layer.dtype, layer.device
    return generic
