"""What GRU and tanh RNN share whose training pass over time has its derivative written by hand.

On a CPU, torch leaves their loops to autograd, which adds a gradient of the whole recurrent matrix at every
step. Here that gradient is one product over all time steps at the end.
"""

from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn.functional import dropout, linear

from hyperprune.models.layers.layered import Kernel, drops_unseen, layer_by_layer


def states_after(state: Tensor, steps: int) -> Tensor:
    """Room for the states of a pass, ``(steps + 1, B, H)``, which begins with ``state``, ``(B, H)``."""
    states = state.new_empty(steps + 1, *state.shape)
    states[0] = state
    return states


class FusedLayers(nn.RNNBase):
    """Stacked layers, time first, one way, with biases; parameters, names and results are those of torch.

    ``fused = False`` leaves training to torch: slower on a CPU, but differentiable more than once.
    Evaluation, and training on other devices, are torch's.
    """

    fused = True
    recurrence: ClassVar[type[torch.autograd.Function]]
    kernel: ClassVar[Kernel]  # torch's

    def forward(self, inputs: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Outputs ``(time, batch, hidden)`` and the last state ``(layers, batch, hidden)``.

        Args:
            inputs: ``(time, batch, features)``.
            state: zero if left out.
        """
        on_cpu = inputs.device.type == "cpu"  # elsewhere torch's own kernels are fused
        if not (self.fused and on_cpu and self.training and torch.is_grad_enabled()):
            if not drops_unseen(self, inputs):
                output: tuple[Tensor, Tensor] = super().forward(inputs, state)
                return output
            begin = self._zero(inputs) if state is None else state
            outputs, (h,) = layer_by_layer(self, self.kernel, inputs, [begin])
            return outputs, h
        state = self._zero(inputs) if state is None else state
        last, outputs = [], inputs
        for layer, before in enumerate(state.unbind()):
            weight, recurrent, bias, recurrent_bias = (
                self.get_parameter(f"{name}_l{layer}")
                for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
            )
            outputs = dropout(outputs, self.dropout, training=layer > 0)
            driven = linear(outputs, weight, bias).to(before.dtype)  # autocast narrows the product
            outputs, after = self.recurrence.apply(driven, before, recurrent, recurrent_bias)
            last.append(after)
        return outputs, torch.stack(last)

    def _zero(self, inputs: Tensor) -> Tensor:
        return inputs.new_zeros(self.num_layers, inputs.shape[1], self.hidden_size)
