"""Means over the live weights of each matrix, which redistribution rules share by."""

from collections.abc import Mapping

import torch

from hyperprune.sparsity.rules import Tensors


def live_mean_magnitude(values: Tensors, masks: Tensors, live: Mapping[str, int]) -> dict[str, float]:
    """Mean of ``|values|`` over the live entries of each matrix, in float64; 0 for a matrix that has none.

    One transfer from the device for all matrices together.
    """
    names = list(masks)
    if not names:
        return {}
    sums = torch.stack([(values[n].abs() * masks[n]).sum(dtype=torch.float64).cpu() for n in names]).tolist()
    return {name: total / live[name] if live[name] else 0.0 for name, total in zip(names, sums, strict=True)}
