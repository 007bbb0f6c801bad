"""Closed-form Jacobians of an ON-LSTM step.

With w, F, I and the gates of :class:`.ordered.OrderedLSTM`, and k = g (i - 1) + c (f - 1),

    dc' = g w di + c w df + I dg + (g + mf k) dmi + (c + mi k) dmf + F dc
    dh' = tanh(c') do + o (1 - tanh(c')^2) dc'

Each gate's differential is a row-scaled matrix. A master gate's is the running sum of diag(p) (W - 1 p'W)
with the softmax p: n rows, each of which rules ``chunk`` rows of the result. All of it is O(units^2), where
derivatives without a closed form take a product with the whole matrix.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from hyperprune.models.layers.row_scaled import row_scaled_sum


@dataclass(frozen=True, eq=False)
class Step:
    """What a step made, each ``(batch, units)`` but the softmaxes of the masters, ``(batch, n)``."""

    c: Tensor
    new_c: Tensor
    i: Tensor
    f: Tensor
    o: Tensor
    g: Tensor
    master_i: Tensor
    master_f: Tensor
    soft_i: Tensor
    soft_f: Tensor

    @property
    def kept(self) -> Tensor:
        """F, what is kept of the old cell: dc'/dc."""
        overlap = self.master_i * self.master_f
        return self.f * overlap + self.master_f - overlap

    @property
    def slope(self) -> Tensor:
        """The derivative dh'/dc'."""
        return self.o * (1 - self.new_c.tanh().square())


def cell_by(step: Step, parts: tuple[Tensor, ...], scale: Tensor | None = None) -> Tensor:
    """Derivative of c' by what a matrix multiplies, ``(batch, units, columns)``, its rows times ``scale``.

    Args:
        step: of the layer.
        parts: the matrix by gate, in the order of its rows: mi, mf, i, f, o, g.
        scale: ``(batch, units)``; None for 1.
    """
    i, f, g, c = step.i, step.f, step.g, step.c
    one = torch.ones_like(c) if scale is None else scale
    overlap = step.master_i * step.master_f
    written = i * overlap + step.master_i - overlap
    scales = [one * g * overlap * i * (1 - i), one * c * overlap * f * (1 - f), one * written * (1 - g * g)]
    total = row_scaled_sum(scales, [parts[2], parts[3], parts[5]])
    common = g * (i - 1) + c * (f - 1)
    masters = total.unflatten(1, (step.soft_i.shape[1], -1))
    for soft, matrix, weight in (
        (step.soft_i, parts[0], -one * (g + step.master_f * common)),
        (step.soft_f, parts[1], one * (c + step.master_i * common)),
    ):
        wide = weight.unflatten(1, masters.shape[1:3])[..., None]
        masters = torch.addcmul(masters, wide, _running_by(soft, matrix)[:, :, None, :])
    result: Tensor = masters.flatten(1, 2)
    return result


def hidden_by(step: Step, parts: tuple[Tensor, ...]) -> Tensor:
    """Derivative of h' by what a matrix multiplies, as ``cell_by`` gives that of c'."""
    by_output = step.new_c.tanh() * step.o * (1 - step.o)
    return torch.addcmul(cell_by(step, parts, step.slope), by_output[:, :, None], parts[4])


def _running_by(soft: Tensor, matrix: Tensor) -> Tensor:
    """Derivative of the running sum of a softmax, ``(batch, n, columns)``."""
    return torch.cumsum(soft[:, :, None] * (matrix - (soft @ matrix)[:, None, :]), dim=1)
