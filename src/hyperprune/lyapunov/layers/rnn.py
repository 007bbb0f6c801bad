"""Elman network: state and closed-form Jacobians, tanh or relu."""

from collections.abc import Sequence

import torch
from torch import Tensor

from hyperprune.lyapunov.layers.base import Layer, Trajectory
from hyperprune.lyapunov.layers.gated import GatedLinearization, Gates
from hyperprune.lyapunov.layers.weights import Weights, add_biases


class RNNLayer(Layer):
    """One Elman layer; state ``h``.

    Args:
        weights: torch's.
        nonlinearity: ``tanh`` or ``relu`` (derivative 0 at 0, as torch has it).
    """

    def __init__(self, weights: Weights, nonlinearity: str) -> None:
        self.hidden_size = self.state_size = self.tracked = weights.recurrent.shape[1]
        self.dtype, self.device = weights.recurrent.dtype, weights.recurrent.device
        self.features = weights.inputs.shape[1]
        self._weights, self._relu = weights, nonlinearity == "relu"
        self._gates = Gates(weights.recurrent[None], weights.inputs[None])

    def run(self, inputs: Tensor | None, steps: int, state: Tensor, active: Tensor | None) -> Trajectory:
        """See the base class."""
        weights = self._weights
        bias = add_biases(weights.input_bias, weights.recurrent_bias)
        driven = weights.project_inputs(inputs, steps, state.shape[0], bias)
        h, images, outputs = state, [], []
        for t in range(steps):
            total = driven[t] + (weights.recurrent @ h.mT).mT
            new_h = total.relu() if self._relu else total.tanh()
            images.append(new_h)
            h = new_h if active is None else torch.where(active[t, :, None], new_h, h)
            outputs.append(h)
        image = torch.stack(images)
        slope = (image > 0).to(image.dtype) if self._relu else 1 - image * image
        by_gate = slope[:, :, None]
        return Trajectory(torch.stack(outputs), h, GatedLinearization(self._gates, by_gate, by_gate))

    def patterns(self) -> Sequence[Tensor]:
        """See the base class."""
        return [self._weights.recurrent != 0]
