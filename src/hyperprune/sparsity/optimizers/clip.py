"""Clipping by the norm of all gradients, or of those of live weights."""

from collections.abc import Mapping
from typing import Literal

import torch
from torch import Tensor, nn

from hyperprune.errors import ConfigurationError

Scope = Literal["all", "live"]


@torch.no_grad()
def clip_grad_norm_(model: nn.Module, masks: Mapping[str, Tensor], max_norm: float, scope: Scope) -> Tensor:
    """Scale all gradients so that the norm is at most ``max_norm``; returns the norm before.

    With ``live`` the gradients of dead weights are left out of the norm, but scaled like the others, so that
    growth still ranks them by what they are.
    """
    if scope == "all":
        return nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    if scope != "live":
        raise ConfigurationError(f'scope must be "all" or "live", got {scope!r}')
    gradients = {name: p.grad for name, p in model.named_parameters() if p.grad is not None}
    counted = [grad * masks[name] if name in masks else grad for name, grad in gradients.items()]
    norm = nn.utils.get_total_norm(counted)
    nn.utils.clip_grads_with_norm_(model.parameters(), max_norm, norm)
    return norm
