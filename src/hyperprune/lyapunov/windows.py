"""Chosen windows of one long stream as a batch of sequences."""

from collections.abc import Sequence

import torch
from torch import Tensor

from hyperprune.errors import ConfigurationError


def windows(data: Tensor, starts: Sequence[int], length: int) -> Tensor:
    """Windows ``data[start : start + length]`` side by side.

    Args:
        data: ``(time, ...)``: tokens ``(time,)`` or embedded inputs ``(time, features)``; a batch of
            streams ``(time, batch)`` of tokens is a choice of columns and needs no windows.
        starts: where each window begins.
        length: steps of each, warm-up included.

    Returns:
        ``(length, windows, ...)``, to be given to :func:`hyperprune.lyapunov.spectrum` as inputs.

    Raises:
        ConfigurationError: no window, or one that leaves the data.
    """
    last = len(data) - length
    if len(starts) == 0 or length < 1 or min(starts) < 0 or max(starts) > last:
        raise ConfigurationError(
            f"windows of {length} steps must begin between 0 and {last}, got {list(starts)}: give such "
            "starts, or a smaller length"
        )
    return torch.stack([data[start : start + length] for start in starts], dim=1)
