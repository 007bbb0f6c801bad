"""The smallest weights over all matrices together, which several rules need."""

import torch
from torch import Tensor

from hyperprune.sparsity.counts.select import keep_highest
from hyperprune.sparsity.rules import Deaths, Topology


def smallest_overall(topology: Topology, count: int) -> Deaths:
    """Deaths of the ``count`` smallest weights of all matrices, fewer where a matrix would lose its last.

    The largest weight of each matrix is safe. Ties stay alive by name order, then lower flat index.
    """
    names = sorted(topology.weights)
    if not names:
        return Deaths({}, {})
    survivors = topology.total - min(count, topology.total - sum(live > 0 for live in topology.live.values()))
    scores = {name: _safe_last(topology, name) for name in names}
    device = scores[names[0]].device  # a model may lie on several
    kept = keep_highest(
        torch.cat([scores[name].flatten().to(device) for name in names]),
        torch.cat([topology.masks[name].flatten().to(device) for name in names]),
        survivors,
    )
    parts = kept.split([topology.masks[name].numel() for name in names])
    left = torch.stack([part.sum() for part in parts]).tolist()
    dying = {name: topology.live[name] - remaining for name, remaining in zip(names, left, strict=True)}
    return Deaths(scores, dying)


def _safe_last(topology: Topology, name: str) -> Tensor:
    mask = topology.masks[name]
    scores = topology.weights[name].abs()
    last = keep_highest(scores, mask, min(1, topology.live[name]))
    return scores.masked_fill(last, torch.inf)
