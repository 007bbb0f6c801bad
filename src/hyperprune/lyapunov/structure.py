"""Which directions of a state the zeros of its Jacobians leave alive.

Read the zeros of J as a graph: an edge from unit j to unit i where J_ij may differ from zero. A direction
that survives many steps walks along edges, no two on one unit at a time, so that as many survive as units
can be covered by disjoint cycles: an assignment problem. Cycles stay inside strongly connected components,
and between components the graph has no way back, so that in their order J is block triangular and its
exponents are those of the components, each alone, in both directions.

A Jacobian may be a product of maps through quantities in between (the gates of an LSTM on the way from
(h, c) to (h, c)). Their units then stand in the graph too: its own zeros would not show that two paths
through one of them are not independent.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Pattern = NDArray[np.bool_]


@dataclass(frozen=True)
class Component:
    """Units that reach each other, or all of a layer where nothing is dead.

    Attributes:
        units: their places in the tracked state, ascending.
        live: how many directions among them survive.
    """

    units: tuple[int, ...]
    live: int


def components(maps: Sequence[Tensor]) -> list[Component] | None:
    """The components of a step's Jacobian with live directions; None where no direction is dead.

    Args:
        maps: zero patterns ``(out, in)``, booleans, of the maps whose product, last first, it is; the first
            takes what the last gives, the tracked state.
    """
    patterns = [pattern.detach().cpu().numpy().astype(bool) for pattern in maps]
    if all(pattern.all() or _has_permutation(pattern) for pattern in patterns):
        square = {side for pattern in patterns for side in pattern.shape}
        if len(square) == 1:
            return None
    size = patterns[0].shape[1]
    graph = _graph(patterns)
    found = []
    for places in _strongly_connected(graph):
        live = _covered(graph[np.ix_(places, places)]) // len(patterns)
        if live:
            found.append(Component(tuple(int(place) for place in places if place < size), live))
    return None if sum(component.live for component in found) == size else found


def _has_permutation(pattern: Pattern) -> bool:
    """Whether some permutation avoids the zeros: then disjoint cycles cover every unit."""
    if pattern.shape[0] != pattern.shape[1]:
        return False
    if pattern.diagonal().all():
        return True
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import structural_rank

    return bool(structural_rank(csr_array(pattern, dtype=float)) == len(pattern))


def _graph(patterns: Sequence[Pattern]) -> Pattern:
    """``[i, j]``: whether j feeds i, over the state and then what is between, map by map."""
    sizes = [pattern.shape[1] for pattern in patterns]
    begins = [0, *np.cumsum(sizes).tolist()]
    graph = np.zeros((begins[-1], begins[-1]), dtype=bool)
    for number, pattern in enumerate(patterns):
        into = (number + 1) % len(patterns)
        rows = slice(begins[into], begins[into] + pattern.shape[0])
        graph[rows, begins[number] : begins[number + 1]] = pattern
    return graph


def _strongly_connected(graph: Pattern) -> list[NDArray[np.intp]]:
    """Units by component, the components in the order of their first units."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    _, label = connected_components(csr_array(graph, dtype=float), directed=True, connection="strong")
    _, first = np.unique(label, return_index=True)
    return [np.flatnonzero(label == label[place]) for place in np.sort(first)]


def _covered(graph: Pattern) -> int:
    """The most units that disjoint cycles cover.

    A permutation whose cycles run along edges, or stay in place without one at a price: cheapest is fewest.
    """
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import min_weight_full_bipartite_matching

    if graph.all() or _has_permutation(graph):
        return len(graph)
    price = graph.astype(float)
    np.fill_diagonal(price, np.where(graph.diagonal(), 1.0, 2.0))
    rows, columns = min_weight_full_bipartite_matching(csr_array(price))
    return int(graph[rows, columns].sum())


def random_start(size: int, columns: int, device: torch.device) -> Tensor:
    """Orthonormal columns ``(size, columns)`` in float64, the same at every call."""
    generator = torch.Generator().manual_seed(0)
    drawn = torch.randn(size, columns, dtype=torch.float64, generator=generator)
    columns_drawn: Tensor = torch.linalg.qr(drawn)[0]
    return columns_drawn.to(device)
