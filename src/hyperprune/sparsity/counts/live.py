"""How many weights masks keep."""

import torch

from hyperprune.sparsity.rules import Tensors


def live_counts(masks: Tensors) -> dict[str, int]:
    """Live weights by name; one wait for a device, whatever the number of masks on it."""
    if not masks:
        return {}
    device = next(iter(masks.values())).device  # a model may lie on several
    sums = torch.stack([mask.sum().to(device) for mask in masks.values()]).tolist()
    return {name: int(count) for name, count in zip(masks, sums, strict=True)}
