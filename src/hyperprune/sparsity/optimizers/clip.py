"""Clipping by the norm of all gradients, or of those of live weights."""

from collections.abc import Iterable, Mapping
from typing import Literal

import torch
from torch import Tensor, nn

from hyperprune.errors import ConfigurationError

Scope = Literal["all", "live"]
_SURELY_BELOW = 0.999  # of the largest norm: far enough from it that rounding cannot make a factor below 1
_USUAL = {("cpu", torch.float32, torch.strided)}


@torch.no_grad()
def clip_grad_norm_(model: nn.Module, masks: Mapping[str, Tensor], max_norm: float, scope: Scope) -> Tensor:
    """Scale all gradients so that the norm is at most ``max_norm``; returns the norm before.

    With ``live`` the gradients of dead weights are left out of the norm, but scaled like the others, so that
    growth still ranks them by what they are.
    """
    if scope == "all":
        return clip_all(model.parameters(), max_norm)
    if scope != "live":
        raise ConfigurationError(f'scope must be "all" or "live", got {scope!r}')
    gradients = {name: p.grad for name, p in model.named_parameters() if p.grad is not None}
    counted = [grad * masks[name] if name in masks else grad for name, grad in gradients.items()]
    norm = nn.utils.get_total_norm(counted)
    nn.utils.clip_grads_with_norm_(model.parameters(), max_norm, norm)
    return norm


@torch.no_grad()
def clip_all(parameters: Iterable[nn.Parameter], max_norm: float) -> Tensor:
    """What ``nn.utils.clip_grad_norm_`` does, bit for bit; returns the norm before.

    torch multiplies gradients that are short enough by 1, to keep from waiting for the norm. On a CPU there
    is no wait, and most steps of a training have such gradients.
    """
    clipped = [parameter for parameter in parameters if parameter.grad is not None]
    norm = _total_norm([parameter.grad for parameter in clipped if parameter.grad is not None])
    if norm.device.type != "cpu" or not norm.item() < _SURELY_BELOW * max_norm:
        nn.utils.clip_grads_with_norm_(clipped, max_norm, norm)
    return norm


def _total_norm(gradients: list[Tensor]) -> Tensor:
    """What ``nn.utils.get_total_norm`` gives, bit for bit; it sorts tensors by kind, which costs as much."""
    kinds = {(gradient.device.type, gradient.dtype, gradient.layout) for gradient in gradients}
    if kinds != _USUAL:
        return nn.utils.get_total_norm(gradients)
    norm: Tensor = torch.linalg.vector_norm(torch.stack(torch._foreach_norm(gradients)))
    return norm
