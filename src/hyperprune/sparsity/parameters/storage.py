"""Whether parameters hold the same numbers in memory."""

import torch
from torch import nn


def overlap(one: nn.Parameter, two: nn.Parameter) -> bool:
    """True if an entry of one is an entry of the other; views side by side in one storage don't overlap."""
    if one.device != two.device or one.device.type == "meta" or not one.numel() or not two.numel():
        return False
    if one.untyped_storage().data_ptr() != two.untyped_storage().data_ptr():
        return False
    (first, last), (low, high) = _extent(one), _extent(two)
    if last < low or high < first:
        return False
    if one.dtype != two.dtype:
        return True
    used = torch.zeros(one.untyped_storage().nbytes() // one.element_size(), dtype=torch.bool)
    used.as_strided(one.shape, one.stride(), one.storage_offset()).fill_(True)
    return bool(used.as_strided(two.shape, two.stride(), two.storage_offset()).any())


def _extent(parameter: nn.Parameter) -> tuple[int, int]:
    """First and last byte."""
    first = int(parameter.storage_offset())
    steps = zip(parameter.shape, parameter.stride(), strict=True)
    last = first + sum(int((size - 1) * step) for size, step in steps)
    return first * parameter.element_size(), (last + 1) * parameter.element_size() - 1
