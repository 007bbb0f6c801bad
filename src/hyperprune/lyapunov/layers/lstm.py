"""LSTM: state and closed-form Jacobians, with or without projection."""

from collections.abc import Sequence

import torch
from torch import Tensor

from hyperprune.lyapunov.layers.base import Layer, Trajectory
from hyperprune.lyapunov.layers.gated import CellPart, GatedLinearization, Gates
from hyperprune.lyapunov.layers.weights import Weights, add_biases


class LSTMLayer(Layer):
    """One LSTM layer; state ``(h, c)``.

    Args:
        weights: torch's, gates in the order i, f, g, o.
        full: whether (h, c) is tracked; otherwise h alone, with c held fixed.
    """

    def __init__(self, weights: Weights, full: bool) -> None:
        size = weights.recurrent.shape[0] // 4
        self.hidden_size = weights.recurrent.shape[1]
        self.state_size = self.hidden_size + size
        self.tracked = self.state_size if full else self.hidden_size
        self.dtype, self.device = weights.recurrent.dtype, weights.recurrent.device
        self.features = weights.inputs.shape[1]
        self._weights, self._full = weights, full
        self._gates = Gates(
            weights.recurrent.unflatten(0, (4, size)),
            weights.inputs.unflatten(0, (4, size)),
            weights.projection,
        )

    def run(self, inputs: Tensor | None, steps: int, state: Tensor, active: Tensor | None) -> Trajectory:
        """See the base class."""
        weights = self._weights
        bias = add_biases(weights.input_bias, weights.recurrent_bias)
        driven = weights.project_inputs(inputs, steps, state.shape[0], bias)
        h, c = state.split([self.hidden_size, self.state_size - self.hidden_size], dim=1)
        gates, cells, squashed, outputs = [], [], [], []
        for t in range(steps):
            # (W h')' and not h W': with few sequences the product is memory-bound and this reads W by rows
            i, f, g, o = (driven[t] + (weights.recurrent @ h.mT).mT).chunk(4, dim=1)
            i, f, g, o = i.sigmoid(), f.sigmoid(), g.tanh(), o.sigmoid()
            new_c = f * c + i * g
            tanh_c = new_c.tanh()
            new_h = o * tanh_c
            if weights.projection is not None:
                new_h = new_h @ weights.projection.mT
            gates.append(torch.stack([i, f, g, o], dim=1))
            cells.append(c)
            squashed.append(tanh_c)
            if active is not None:
                new_h = torch.where(active[t, :, None], new_h, h)
                new_c = torch.where(active[t, :, None], new_c, c)
            h, c = new_h, new_c
            outputs.append(h)
        linearization = self._linearize(torch.stack(gates), torch.stack(cells), torch.stack(squashed))
        return Trajectory(torch.stack(outputs), torch.cat([h, c], dim=1), linearization)

    def patterns(self) -> Sequence[Tensor]:
        """See the base class.

        From (h, c) to (h', c') the way leads through o and c' alone: with both given nothing else matters.
        """
        gates = self._gates.recurrent != 0
        projection = self._gates.projection
        if not self._full:
            maps = [gates.any(dim=0)]
            return maps if projection is None else [*maps, projection != 0]
        one = torch.eye(gates.shape[1], dtype=torch.bool, device=gates.device)
        zero = torch.zeros_like(one)
        first = _blocks([[gates[3], zero], [gates[:3].any(dim=0), one]])
        second = _blocks([[one, one], [zero, one]])
        if projection is None:
            return [first, second]
        apart = zero.new_zeros(len(projection), len(one))
        return [first, second, _blocks([[projection != 0, apart], [zero, one]])]

    def _linearize(self, gates: Tensor, c: Tensor, tanh_c: Tensor) -> GatedLinearization:
        i, f, g, o = gates.unbind(dim=2)
        to_cell = torch.stack([g * i * (1 - i), c * f * (1 - f), i * (1 - g * g), torch.zeros_like(o)], dim=2)
        slope = o * (1 - tanh_c * tanh_c)
        by_gate = torch.cat(
            [slope[:, :, None] * to_cell[:, :, :3], (tanh_c * o * (1 - o))[:, :, None]], dim=2
        )
        cell = CellPart(to_cell, slope * f, f) if self._full else None
        return GatedLinearization(self._gates, by_gate, by_gate, None, cell)


def _blocks(rows: Sequence[Sequence[Tensor]]) -> Tensor:
    return torch.cat([torch.cat(list(row), dim=1) for row in rows])
