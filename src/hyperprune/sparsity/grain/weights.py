"""Each weight is an entry."""

import math
from collections.abc import Mapping, Sequence

from torch import Tensor

from hyperprune.sparsity.counts.density import live_total
from hyperprune.sparsity.counts.initial import budget_shapes, by_pattern, initial_counts
from hyperprune.sparsity.parameters.prunable import Prunable
from hyperprune.sparsity.rules import Tensors
from hyperprune.sparsity.variants.variant import PruningVariant


class Weights:
    """The budgets as they are; see :class:`~hyperprune.sparsity.grain.contract.Grain`.

    Args:
        prunable: the matrices.
    """

    whole = True

    def __init__(self, prunable: Prunable) -> None:
        self._prunable = prunable
        self.groups: Sequence[tuple[str, ...]] = (tuple(prunable.budgets),)

    def scored(self, tensors: Tensors) -> dict[str, Tensor]:
        """The tensors themselves, with their signs."""
        return self._prunable.join(tensors)

    def live(self, masks: Tensors) -> dict[str, Tensor]:
        """The masks themselves."""
        return self._prunable.join(masks)

    def spread(self, entries: Tensors) -> dict[str, Tensor]:
        """The masks themselves."""
        return self._prunable.part(entries)

    def first_counts(self, variant: PruningVariant) -> dict[str, int]:
        """Exactly floor(D * N + 0.5) in all."""
        return initial_counts(
            self._prunable, variant.sparse_init, variant.density, variant.densities, variant.density_factors
        )

    def target(self, group: Sequence[str], density: float) -> int:
        """floor(D * N + 0.5)."""
        shapes = budget_shapes(self._prunable)
        return live_total(density, sum(math.prod(shapes[name]) for name in group))

    def factors(self, factors: Sequence[tuple[str, float]]) -> Mapping[str, float]:
        """By budget."""
        return by_pattern(self._prunable, "density_factors", factors)
