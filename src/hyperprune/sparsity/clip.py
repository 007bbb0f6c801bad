"""Clipping by the norm of the live weights' gradients."""

from collections.abc import Iterable, Mapping

import torch
from torch import Tensor, nn


@torch.no_grad()
def clip_live_(
    parameters: Iterable[nn.Parameter], masks: Mapping[nn.Parameter, Tensor], max_norm: float
) -> Tensor:
    """Scale all gradients so that the norm over live weights is at most ``max_norm``; returns the norm
    before.

    The gradients of dead weights are left out of the norm but scaled like the others, so that growth still
    ranks them by what they are.
    """
    gradients, counted = [], []
    for parameter in parameters:
        if parameter.grad is not None:
            gradients.append(parameter.grad)
            mask = masks.get(parameter)
            counted.append(parameter.grad if mask is None else parameter.grad * mask)
    if not gradients:
        return torch.tensor(0.0)
    norm = nn.utils.get_total_norm(counted)
    scale = torch.clamp(max_norm / (norm + 1e-6), max=1.0)
    for gradient in gradients:
        gradient.mul_(scale.to(gradient.device))
    return norm
