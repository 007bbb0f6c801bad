"""Inputs and modules made ready: tokens embedded, types settled, dropout off."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from hyperprune.errors import ConfigurationError
from hyperprune.lyapunov.layers import Layer


@contextmanager
def evaluating(system: Any) -> Iterator[None]:
    """Evaluation mode for every module in ``system``; each one's own mode comes back."""
    parts = system if isinstance(system, list | tuple) else [system]
    modules = [m for part in parts if isinstance(part, nn.Module) for m in part.modules()]
    modes = [module.training for module in modules]
    try:
        for part in parts:
            if isinstance(part, nn.Module):
                part.eval()
        yield
    finally:
        for module, mode in zip(modules, modes, strict=True):
            module.training = mode


def one_sequence(layers: Sequence[Layer], inputs: Tensor | None, initial: Any) -> tuple[Tensor | None, Any]:
    """Inputs ``(time, features)`` and the state of a single sequence as those of a batch of one.

    Raises:
        ConfigurationError: inputs that the first layer cannot take.
    """
    features = layers[0].features
    if features is None or inputs is None or not inputs.is_floating_point() or inputs.dim() < 2:
        return inputs, initial
    if inputs.dim() > 3 or inputs.shape[-1] != features:
        raise ConfigurationError(
            f"inputs must be (time, batch, {features}), or (time, {features}) for one sequence, got "
            f"{tuple(inputs.shape)}: give the features that the module was made for"
        )
    if inputs.dim() == 3:
        return inputs, initial
    return inputs[:, None], _one_state(initial, len(layers))


def _one_state(initial: Any, layers: int) -> Any:
    if isinstance(initial, Tensor):
        # (1, n) is a batch of one already; a module of several layers has (layers, hidden)
        own = initial.dim() == 1 or (initial.dim() == 2 and len(initial) == layers > 1)
        return initial.unsqueeze(-2) if own else initial
    if isinstance(initial, tuple):
        return tuple(part.unsqueeze(-2) if part.dim() < 3 else part for part in initial)
    return initial


def prepared(
    layers: Sequence[Layer], inputs: Tensor | None, initial: Any, dtype: torch.dtype | None
) -> tuple[Tensor | None, Tensor]:
    """Inputs in the type of the computation, and ``(batch, 0)`` that carries batch, type and device."""
    like = initial if isinstance(initial, Tensor) else None
    own = [layer for layer in layers if layer.dtype is not None]
    chosen = dtype or (own[0].dtype if own else None)
    for tensor in (like, inputs):
        if chosen is None and tensor is not None and tensor.is_floating_point():
            chosen = tensor.dtype
    chosen = chosen or torch.get_default_dtype()
    device = own[0].device if own else next((t.device for t in (like, inputs) if t is not None), None)
    if inputs is not None:
        if inputs.dim() < 2:
            raise ConfigurationError(
                f"inputs must be (time, batch, ...), got {tuple(inputs.shape)}: add a batch dimension"
            )
        if own and not inputs.is_floating_point():
            raise ConfigurationError(
                f"a bare recurrent module takes floating inputs, got {inputs.dtype}: embed them, or give "
                "the model"
            )
        inputs = inputs.to(device=device, dtype=chosen if inputs.is_floating_point() else None)
        batch = inputs.shape[1]
    else:
        batch = _batch_of(initial)
    return inputs, torch.zeros(batch, 0, dtype=chosen, device=device)


def _batch_of(initial: Any) -> int:
    if isinstance(initial, Tensor):
        return initial.shape[-2] if initial.dim() > 1 else 1
    if isinstance(initial, tuple | list) and initial:
        return _batch_of(initial[0])
    return 1
