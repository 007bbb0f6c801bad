"""Erdős-Rényi: density proportional to (rows + columns) / (rows * columns)."""

import math
from collections.abc import Mapping

from hyperprune.papers import EVCI_2020, MOCANU_2018
from hyperprune.sparsity.rules import AllocationRule


def shares(shapes: Mapping[str, tuple[int, ...]]) -> dict[str, float]:
    """The sum of the dimensions of each matrix, as stored: 4H + H for a recurrent matrix of an LSTM.

    Density times the number of weights: the product of the dimensions cancels. More than two dimensions: the
    sum of all of them over their product (Evci et al. 2020, Erdős-Rényi-Kernel). Mocanu et al. 2018, equation
    1.
    """
    return {name: float(sum(shape)) if math.prod(shape) else 0.0 for name, shape in shapes.items()}


RULE = AllocationRule(shares, papers=(MOCANU_2018, EVCI_2020))
