"""What every grain can do."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from torch import Tensor

from hyperprune.sparsity.rules import Tensors
from hyperprune.sparsity.variants.variant import PruningVariant


class Grain(Protocol):
    """A view of a network's matrices, in which an entry is what lives and dies as one."""

    @property
    def whole(self) -> bool:
        """Whether an entry is a weight, and every weight an entry."""
        ...

    @property
    def groups(self) -> Sequence[tuple[str, ...]]:
        """Names of the tensors whose live entries share one total, which nothing leaves."""
        ...

    def scored(self, tensors: Tensors) -> dict[str, Tensor]:
        """Weights, gradients or scores by parameter as entries: themselves, or sums of their magnitudes.

        A tensor of entries whose parameters are not given is left out.
        """
        ...

    def live(self, masks: Tensors) -> dict[str, Tensor]:
        """Which entries live, from masks by parameter."""
        ...

    def spread(self, entries: Tensors) -> dict[str, Tensor]:
        """Masks by parameter, from those of the entries."""
        ...

    def first_counts(self, variant: PruningVariant) -> dict[str, int]:
        """Live entries of each tensor at the variant's density.

        Raises:
            ConfigurationError: a setting names nothing, or leaves too many or too few for the rest.
        """
        ...

    def target(self, group: Sequence[str], density: float) -> int:
        """Live entries of a group at a density."""
        ...

    def factors(self, factors: Sequence[tuple[str, float]]) -> Mapping[str, float]:
        """Density factors by the names of the tensors."""
        ...
