"""``nn.RNN`` (tanh) with a fused training pass: h' = tanh(a + U h + c), a = W x + b the driven sums."""

from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from hyperprune.models.fused_layers import FusedLayers

_TANH = torch.ops.aten.tanh_backward.grad_input


class _Recurrence(torch.autograd.Function):
    """Outputs ``(T, B, H)`` and last state from driven sums ``(T, B, H)``, state, U and c."""

    @staticmethod
    def forward(
        ctx: Any, driven: Tensor, state: Tensor, recurrent: Tensor, bias: Tensor
    ) -> tuple[Tensor, Tensor]:
        sums = driven + bias
        states = driven.new_empty(len(driven) + 1, *state.shape)
        states[0] = state
        for t in range(len(driven)):
            torch.addmm(sums[t], states[t], recurrent.mT, out=states[t + 1]).tanh_()
        ctx.save_for_backward(states, recurrent)
        return states[1:], states[-1].clone()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, outputs: Tensor, last: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        states, recurrent = ctx.saved_tensors
        driven, state = torch.empty_like(states[1:]), last
        for t in reversed(range(len(driven))):
            _TANH(state + outputs[t], states[t + 1], grad_input=driven[t])
            state = driven[t] @ recurrent
        flat = driven.flatten(0, 1)
        return driven, state, flat.mT @ states[:-1].flatten(0, 1), flat.sum(dim=0)


class FusedRNN(FusedLayers, nn.RNN):  # type: ignore[misc]  # torch's overloads also take packed sequences
    """Stacked tanh layers."""

    recurrence: ClassVar[type[torch.autograd.Function]] = _Recurrence
