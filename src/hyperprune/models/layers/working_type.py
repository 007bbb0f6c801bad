"""The type that products run in: autocast's where it is on, else the tensor's own."""

import torch
from torch import Tensor

_WORTH_NARROWING = 2**18  # entries of a loop's matrix: 256 units of a GRU, 300 of a highway layer


def working_type(like: Tensor) -> torch.dtype:
    """What autocast would cast a product of ``like`` to; functions with a derivative by hand ask for it.

    As in torch, float64 stays what it is.
    """
    device = like.device.type
    known = like.dtype != torch.float64 and torch.amp.is_autocast_available(device)
    if known and torch.is_autocast_enabled(device):
        return torch.get_autocast_dtype(device)
    return like.dtype


def loop_type(matrix: Tensor) -> torch.dtype:
    """The same for a product with ``matrix`` at each step of a loop: a small one stays as it is.

    Narrowing a factor anew at every step costs more there than the narrower product saves.
    """
    return working_type(matrix) if matrix.numel() >= _WORTH_NARROWING else matrix.dtype
