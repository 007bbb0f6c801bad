"""Weights as 8-bit whole numbers, with a scale for each row."""

import torch
from torch import Tensor

_LARGEST = 127


def quantised(weight: Tensor) -> tuple[Tensor, Tensor]:
    """Whole numbers ``(rows, columns)`` int8 and scales ``(rows,)`` float32, so that weight = scale x number.

    The largest weight of a row becomes +-127; a weight is off by half a scale at most.
    """
    scales = weight.abs().amax(dim=1) / _LARGEST
    safe = torch.where(scales > 0, scales, torch.ones_like(scales))
    numbers = (weight / safe[:, None]).round().clamp(-_LARGEST, _LARGEST).to(torch.int8)
    return numbers, safe


def restored(numbers: Tensor, scales: Tensor) -> Tensor:
    """The weights that whole numbers and scales stand for, float32."""
    return numbers.to(torch.float32) * scales[:, None]
