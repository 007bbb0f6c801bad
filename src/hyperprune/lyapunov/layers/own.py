"""The derivatives that a cell may offer of its own, found by name."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from functools import reduce
from typing import Any

import torch
from torch import Tensor

from hyperprune.errors import ConfigurationError

Jacobian = Callable[[Tensor, Any], Tensor]


@dataclass(frozen=True)
class OwnDerivatives:
    """Methods of a cell, each of ``(state, x)``; None where it has none (see :class:`Cell`)."""

    jacobian: Jacobian | None = None
    hidden_jacobian: Jacobian | None = None
    jacobian_factors: Callable[[Tensor, Any], Sequence[Tensor]] | None = None
    input_jacobian: Jacobian | None = None

    @classmethod
    def of(cls, cell: Any) -> "OwnDerivatives":
        """What ``cell`` offers."""
        return cls(**{field.name: getattr(cell, field.name, None) for field in fields(cls)})

    def offers(self, tracked: int, size: int) -> bool:
        """Whether the Jacobian of the leading ``tracked`` of ``size`` entries of the state is among them."""
        part = tracked < size and self.hidden_jacobian is not None
        return part or self.jacobian is not None or self.jacobian_factors is not None

    def whole(self, state: Tensor, x: Any, tracked: int) -> Tensor:
        """The Jacobian as one matrix a sequence, of the whole state or of its tracked part.

        Raises:
            ConfigurationError: its shape is neither.
        """
        if tracked < state.shape[1] and self.hidden_jacobian is not None:
            return _checked("hidden_jacobian", self.hidden_jacobian(state, x), state, tracked)
        if self.jacobian is not None:
            return _checked("jacobian", self.jacobian(state, x), state, state.shape[1])
        return product_of(self.factors(state, x))

    def factors(self, state: Tensor, x: Any) -> list[Tensor]:
        """The matrices whose product, last first, is the Jacobian of the whole state.

        Raises:
            ConfigurationError: one is of another shape.
        """
        assert self.jacobian_factors is not None
        factors = self.jacobian_factors(state, x)
        return [_checked("jacobian_factors", factor, state, state.shape[1]) for factor in factors]


def product_of(factors: Sequence[Tensor]) -> Tensor:
    """The product of some matrices, last first."""
    return reduce(lambda before, factor: factor @ before, factors)


def _checked(name: str, jacobian: Tensor, state: Tensor, size: int) -> Tensor:
    expected = (len(state), size, size)
    if not isinstance(jacobian, torch.Tensor) or tuple(jacobian.shape) != expected:
        raise ConfigurationError(
            f"{name}(state, x) must give {expected}, d new_state[b, i] / d state[b, j] at [b, i, j], got "
            f"{tuple(jacobian.shape) if isinstance(jacobian, torch.Tensor) else type(jacobian).__name__}: "
            "return a matrix for each sequence"
        )
    return jacobian
