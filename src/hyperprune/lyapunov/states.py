"""Initial states: from the shapes users have to one ``(batch, state)`` tensor a layer, and back."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from hyperprune.errors import ConfigurationError
from hyperprune.lyapunov.layers import Layer


def layer_order(layers: int, direction: str) -> list[int]:
    """Layers in the order of the state: layer 1 first for ``adjoint``, the top layer first for ``forward``.

    In these orders J (or its transpose) is block upper triangular, so that Q stays block diagonal.
    """
    upward = list(range(layers))
    return upward if direction == "adjoint" else upward[::-1]


def flatten_states(states: Sequence[Tensor], order: Sequence[int]) -> Tensor:
    """One tensor ``(batch, n)`` in the stated order, h before c within a layer."""
    return torch.cat([states[layer] for layer in order], dim=1)


def initial_states(
    system: Any, layers: Sequence[Layer], initial: Any, order: Sequence[int], zero: Tensor
) -> list[Tensor]:
    """The state each layer begins with, ``(batch, state)``.

    Args:
        system: what the layers were made from; tells how to read ``initial``.
        layers: layer 1 first.
        initial: None for zeros; ``(batch, n)`` in the stated order, with or without cell states; the
            module's own ``h`` or ``(h, c)``; for a list of systems a list of their own states.
        order: the order of the layers in a flat state.
        zero: ``(batch, 0)``; gives batch, type and device.

    Raises:
        ConfigurationError: a shape that fits none of these.
    """
    if initial is None:
        return [zero.new_zeros(zero.shape[0], layer.state_size) for layer in layers]
    flat = isinstance(initial, Tensor) and initial.dim() == 2
    states = _from_flat(layers, initial, order, zero) if flat else _from_own(system, layers, initial)
    states = [state.to(zero) for state in states]
    for number, (layer, state) in enumerate(zip(layers, states, strict=True), start=1):
        if state.shape != (zero.shape[0], layer.state_size):
            raise ConfigurationError(
                f"layer {number} begins with a state of shape {(zero.shape[0], layer.state_size)}, "
                f"got {tuple(state.shape)}: give initial_state in the module's own shape or as (batch, n)"
            )
    return states


def _from_flat(layers: Sequence[Layer], flat: Tensor, order: Sequence[int], zero: Tensor) -> list[Tensor]:
    whole = [layers[layer].state_size for layer in order]
    hidden = [layers[layer].hidden_size for layer in order]
    if flat.shape[1] not in (sum(whole), sum(hidden)):
        raise ConfigurationError(
            f"initial_state must have {sum(whole)} columns (or {sum(hidden)} without cell states), got "
            f"{flat.shape[1]}: give (batch, n) or the module's own states"
        )
    parts = flat.to(zero).split(whole if flat.shape[1] == sum(whole) else hidden, dim=1)
    states = list(parts)
    for layer, part in zip(order, parts, strict=True):
        missing = layers[layer].state_size - part.shape[1]
        states[layer] = nn.functional.pad(part, (0, missing))
    return states


def _from_own(system: Any, layers: Sequence[Layer], initial: Any) -> list[Tensor]:
    if isinstance(system, nn.ModuleList | list | tuple):
        return _from_parts(system, layers, initial)
    if isinstance(initial, tuple | list) and len(initial) == 2:
        h, c = (part[None] if part.dim() == 2 else part for part in initial)
        if len(h) == len(c) == len(layers):
            return [torch.cat([h[layer], c[layer]], dim=-1) for layer in range(len(layers))]
    if isinstance(initial, Tensor) and initial.dim() == 3 and len(initial) == len(layers):
        return [
            nn.functional.pad(part, (0, layer.state_size - layer.hidden_size))
            for layer, part in zip(layers, initial, strict=True)
        ]
    raise ConfigurationError(
        f"initial_state must be (batch, n), the module's h (layers, batch, hidden) or its (h, c), got "
        f"{type(initial).__name__}: give one of these"
    )


def _from_parts(system: Any, layers: Sequence[Layer], initial: Any) -> list[Tensor]:
    if not isinstance(initial, tuple | list) or len(initial) != len(system):
        raise ConfigurationError(
            f"a stack of {len(system)} parts takes a list of {len(system)} initial states, got "
            f"{type(initial).__name__}: give one a part, or a tensor (batch, n)"
        )
    states: list[Tensor] = []
    for part, own in zip(system, initial, strict=True):
        there = layers[len(states) : len(states) + _layers_of(part)]
        if isinstance(own, Tensor) and own.dim() == 2:
            states.append(own)
        else:
            states += _from_own(part, there, own)
    return states


def _layers_of(part: Any) -> int:
    if isinstance(part, nn.ModuleList | list | tuple):
        return sum(map(_layers_of, part))
    return part.num_layers if isinstance(part, nn.RNNBase) else 1
