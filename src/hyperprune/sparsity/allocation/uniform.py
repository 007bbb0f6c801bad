"""Every matrix at the same density."""

import math
from collections.abc import Mapping

from hyperprune.sparsity.rules import AllocationRule


def shares(shapes: Mapping[str, tuple[int, ...]]) -> dict[str, float]:
    """The number of weights of each matrix."""
    return {name: float(math.prod(shape)) for name, shape in shapes.items()}


RULE = AllocationRule(shares)
