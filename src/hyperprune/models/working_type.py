"""The type that products run in: autocast's where it is on, else the tensor's own."""

import torch
from torch import Tensor


def working_type(like: Tensor) -> torch.dtype:
    """What autocast would cast a product of ``like`` to; functions with a derivative by hand ask for it.

    As in torch, float64 stays what it is.
    """
    device = like.device.type
    known = like.dtype != torch.float64 and torch.amp.is_autocast_available(device)
    if known and torch.is_autocast_enabled(device):
        return torch.get_autocast_dtype(device)
    return like.dtype
