"""States between steps: as the network's own module has them, and as the engines want them."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from hyperprune.errors import ConfigurationError

State = Any  # as the network itself has it: h, or (h, c), or one of these for each layer


class StateForm:
    """How a network's state looks.

    The engines take one row of numbers: h of each layer, ``(batch, units)`` one after the other, then c
    likewise. Of equal layers that is h and c of torch, ``(layers, batch, units)``, side by side.

    Args:
        units: of each layer.
        pairs: whether a layer has c beside h.
        layerwise: whether the state is one of each layer, each ``(1, batch, units)``.
    """

    def __init__(self, units: tuple[int, ...], *, pairs: bool, layerwise: bool) -> None:
        self._units, self._pairs, self._layerwise = units, pairs, layerwise

    def flat(self, state: State, batch: int) -> Tensor:
        """A row of numbers that the engine may change; zeros for no state.

        Raises:
            ConfigurationError: the state is of another network or batch.
        """
        shapes = self._shapes(batch)
        if state is None:
            return torch.zeros(sum(rows * size * units for rows, size, units in shapes))
        parts = self._parts(state)
        if [tuple(part.shape) for part in parts] != shapes:
            raise ConfigurationError(
                f"the state must be {shapes}, got {[tuple(part.shape) for part in parts]}: give what the "
                "last step gave, or None"
            )
        whole = _side_by_side(parts)
        row = torch.cat([part.reshape(-1) for part in parts]) if whole is None else whole.clone()
        return row.to("cpu", torch.float32)

    def shaped(self, row: Tensor, batch: int) -> State:
        """The state that a row of numbers holds, as views of it."""
        if not self._layerwise:
            whole = row.view(2 if self._pairs else 1, len(self._units), batch, self._units[0])
            return whole.unbind() if self._pairs else whole[0]
        shapes = self._shapes(batch)
        pieces = row.split([size * units for _, size, units in shapes])
        parts = [piece.view(shape) for piece, shape in zip(pieces, shapes, strict=True)]
        if not self._pairs:
            return tuple(parts)
        half = len(parts) // 2
        return tuple(zip(parts[:half], parts[half:], strict=True))

    def _parts(self, state: State) -> Sequence[Tensor]:
        """Every h, then every c."""
        if not self._layerwise:
            return tuple(state) if self._pairs else (state,)
        if not self._pairs:
            return tuple(state)
        return [layer[0] for layer in state] + [layer[1] for layer in state]

    def _shapes(self, batch: int) -> list[tuple[int, int, int]]:
        one = [(1, batch, units) for units in self._units]
        if not self._layerwise:
            one = [(len(self._units), batch, self._units[0])]
        return one * (2 if self._pairs else 1)


def _side_by_side(parts: Sequence[Tensor]) -> Tensor | None:
    """The row that all parts are views of, in order and whole; None if they are not."""
    row = parts[0]._base
    if row is None or row.dim() != 1 or not row.is_contiguous():
        return None
    place = row.data_ptr()
    for part in parts:
        if part._base is not row or part.data_ptr() != place or not part.is_contiguous():
            return None
        place += part.numel() * part.element_size()
    return row if place == row.data_ptr() + row.numel() * row.element_size() else None
