"""Jacobians of some of the units of a state alone."""

import torch
from torch import Tensor

from hyperprune.lyapunov.layers import Jacobians


class Remembered(Jacobians):
    """Jacobians of which the last one made is kept, for several that take parts of it in turn."""

    def __init__(self, whole: Jacobians) -> None:
        self._whole = whole
        self._last: tuple[tuple[int, slice, bool], Tensor] | None = None

    def operator(self, t: int, rows: slice, transposed: bool, memory: Tensor | None = None) -> Tensor:
        """See the base class; the result is not the caller's to overwrite."""
        key = (t, rows, transposed)
        if self._last is None or self._last[0] != key:
            self._last = (key, self._whole.operator(t, rows, transposed))
        return self._last[1]


class PartJacobians(Jacobians):
    """The diagonal blocks of J that belong to some components, in float64, one after the other in the batch.

    Args:
        whole: Jacobians of the whole state.
        units: ``(components, m)``, the units of each.
    """

    def __init__(self, whole: Jacobians, units: Tensor) -> None:
        self._whole, self._units = whole, units

    def operator(self, t: int, rows: slice, transposed: bool, memory: Tensor | None = None) -> Tensor:
        """See the base class; ``(len(rows) * components, m, m)``, always the caller's."""
        whole = self._whole.operator(t, rows, transposed)
        columns = whole.mT[:, self._units[:, :, None], self._units[:, None, :]]
        return columns.flatten(0, 1).to(torch.float64).mT
