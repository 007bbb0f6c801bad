"""Density by layer and gate over time, from the live weights that each epoch recorded."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from hyperprune.reports.findings import NetworkRecord

WHOLE = "all"
_GATES = ("input", "forget", "cell", "output", "reset", "update", "new")
_BLOCK = re.compile(r"(?P<matrix>[^\[]+)(\[(?P<gate>.+)\])?")


@dataclass(frozen=True)
class Densities:
    """Share of live weights of one network, by epoch.

    Attributes:
        name: the network.
        matrices: by matrix, then by gate (``all`` for a matrix without gates), one density an epoch.
    """

    name: str
    matrices: Mapping[str, Mapping[str, tuple[float, ...]]]


def densities(sizes: Mapping[str, int], network: NetworkRecord) -> Densities | None:
    """Live weights of each block over all of its weights; none where the run did not record them."""
    if not sizes or not network.live_weights or not network.live_weights[0]:
        return None
    matrices: dict[str, dict[str, tuple[float, ...]]] = {}
    for block, size in sorted(sizes.items(), key=lambda item: _place(item[0])):
        parts = _BLOCK.fullmatch(block)
        if parts is None or any(block not in epoch for epoch in network.live_weights):
            continue
        values = tuple(epoch[block] / size for epoch in network.live_weights)
        matrices.setdefault(parts["matrix"], {})[parts["gate"] or WHOLE] = values
    return Densities(network.name, matrices)


def _place(block: str) -> tuple[int, int, bool, int, str]:
    """Blocks in the order in which a token passes them, and the gates in torch's."""
    outside = 0 if "embed" in block else 2 if "decod" in block else 1
    number = re.search(r"(\d+)", block)
    gate = next((place for place, name in enumerate(_GATES) if f"[{name}]" in block), len(_GATES))
    return outside, int(number[1]) if number else 0, "_hh" in block, gate, block
