"""GRU: state and closed-form Jacobians, in the form torch uses (reset gate after the product)."""

from collections.abc import Sequence

import torch
from torch import Tensor

from hyperprune.lyapunov.layers.base import Layer, Trajectory
from hyperprune.lyapunov.layers.gated import GatedLinearization, Gates
from hyperprune.lyapunov.layers.weights import Weights


class GRULayer(Layer):
    """One GRU layer; state ``h``, gates in the order r, z, n."""

    def __init__(self, weights: Weights) -> None:
        size = weights.recurrent.shape[1]
        self.hidden_size = self.state_size = self.tracked = size
        self.dtype, self.device = weights.recurrent.dtype, weights.recurrent.device
        self.features = weights.inputs.shape[1]
        self._weights = weights
        self._gates = Gates(weights.recurrent.unflatten(0, (3, size)), weights.inputs.unflatten(0, (3, size)))

    def run(self, inputs: Tensor | None, steps: int, state: Tensor, active: Tensor | None) -> Trajectory:
        """See the base class."""
        weights = self._weights
        driven = weights.project_inputs(inputs, steps, state.shape[0], weights.input_bias)
        bias = weights.recurrent_bias
        h, gates, before, outputs = state, [], [], []
        for t in range(steps):
            recurrent = (weights.recurrent @ h.mT).mT
            if bias is not None:
                recurrent = recurrent + bias
            in_r, in_z, in_n = driven[t].chunk(3, dim=1)
            re_r, re_z, re_n = recurrent.chunk(3, dim=1)
            r, z = (in_r + re_r).sigmoid(), (in_z + re_z).sigmoid()
            n = (in_n + r * re_n).tanh()
            new_h = n + z * (h - n)
            gates.append(torch.stack([r, z, n, re_n], dim=1))
            before.append(h)
            h = new_h if active is None else torch.where(active[t, :, None], new_h, h)
            outputs.append(h)
        return Trajectory(torch.stack(outputs), h, self._linearize(torch.stack(gates), torch.stack(before)))

    def patterns(self) -> Sequence[Tensor]:
        """See the base class; z is never 0, so that each unit keeps something of itself."""
        return []

    def _linearize(self, gates: Tensor, h: Tensor) -> GatedLinearization:
        r, z, n, recurrent_n = gates.unbind(dim=2)
        candidate = (1 - z) * (1 - n * n)
        by_r = candidate * recurrent_n * r * (1 - r)
        by_z = (h - n) * z * (1 - z)
        by_gate = torch.stack([by_r, by_z, candidate * r], dim=2)
        inputs_by_gate = torch.stack([by_r, by_z, candidate], dim=2)
        return GatedLinearization(self._gates, by_gate, inputs_by_gate, z)
