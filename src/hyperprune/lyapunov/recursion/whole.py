"""The whole state of a stack at once: block triangular Jacobians from those of the layers."""

from collections.abc import Sequence

import torch
from torch import Tensor

from hyperprune.lyapunov.layers import Jacobians, Layer, Linearization


class WholeJacobians(Jacobians):
    """Jacobian of the stacked state, ``n`` the sum over layers.

    Layer l's new state depends on the new hidden state of layer l - 1, so with A_l its derivative by
    the input, J_lm = A_l (J_(l-1)m, hidden rows) for m < l.

    Args:
        linearizations: of the layers, layer 1 first.
        layers: the layers.
        order: the order of the layers in the state.
    """

    def __init__(
        self, linearizations: Sequence[Linearization], layers: Sequence[Layer], order: Sequence[int]
    ) -> None:
        self._linearizations, self._layers, self._order = linearizations, layers, order

    def operator(self, t: int, rows: slice, transposed: bool, memory: Tensor | None = None) -> Tensor:
        """See the base class."""
        blocks = self._blocks(t, rows)
        jacobian = torch.cat(
            [torch.cat([blocks[row][column] for column in self._order], dim=-1) for row in self._order],
            dim=-2,
        )
        return (jacobian if transposed else jacobian.mT).contiguous().mT  # a new tensor by the concatenation

    def _blocks(self, t: int, rows: slice) -> list[list[Tensor]]:
        """``[l][m]``: derivative of layer l's state by layer m's."""
        blocks: list[list[Tensor]] = []
        for number, linearization in enumerate(self._linearizations):
            own = linearization.operator(t, rows, False)
            row = []
            if number:
                by_input = linearization.input_jacobian(t, rows)
                hidden = self._layers[number - 1].hidden_size
                row = [by_input @ block[:, :hidden] for block in blocks[-1][:number]]
            above = [
                own.new_zeros(own.shape[0], own.shape[1], layer.tracked)
                for layer in self._layers[number + 1 :]
            ]
            blocks.append([*row, own, *above])
        return blocks
