"""The recurrence of a highway layer over all time steps with its derivative written by hand.

Autograd would keep a node for every small operation and add a weight gradient of full size at each of
``time * depth`` products. Here the backward pass walks the same loop with its products by the state alone,
and every weight gradient is one product over all time steps at the end.

| sign | meaning | shape |
| --- | --- | --- |
| D, T, B, H | depth, time, batch, hidden | |
| G | gates: 2 with the carry gate coupled, 3 with one of its own | |
| gates | h, t (and c) of every product, after their nonlinearities | (D, T, B, G * H) |
| fed | the state as it enters a product, masked | (D, T, B, H) |
| states | the same unmasked; the last depth's states are the layer's outputs | (D, T, B, H) |
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

_TANH = torch.ops.aten.tanh_backward.grad_input
_SIGMOID = torch.ops.aten.sigmoid_backward.grad_input


class FusedHighway(torch.autograd.Function):
    """``(outputs, last state)`` from inputs that are projected already; differentiable once.

    Args (in order):
        driven: projected inputs with the biases of the first depth, ``(T, B, G * H)``.
        state: ``(B, H)``.
        mask: of the state, ``(B, H)``, or None.
        depth: D.
        recurrent: D matrices ``(G * H, H)``, then D - 1 biases ``(G * H)`` of the depths after the first.
    """

    @staticmethod
    def forward(
        ctx: Any, driven: Tensor, state: Tensor, mask: Tensor | None, depth: int, *recurrent: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Run the loop and keep what the backward pass needs."""
        weights, biases = recurrent[:depth], recurrent[depth:]
        time, batch, rows = driven.shape
        hidden = state.shape[1]
        gates = driven.new_empty(depth, time, batch, rows)
        first = driven.new_empty(time + 1, batch, hidden)
        inner = driven.new_empty(depth - 1, time, batch, hidden)
        first[0] = state
        fed = None if mask is None else driven.new_empty(depth, time, batch, hidden)
        before = [first.unbind(), *(level.unbind() for level in inner)]
        inputs = before if fed is None else [level.unbind() for level in fed]
        sums = [level.unbind() for level in gates]
        drives = driven.unbind()
        transposed = [weight.mT for weight in weights]
        for t in range(time):
            for d in range(depth):
                if mask is not None:
                    torch.mul(before[d][t], mask, out=inputs[d][t])
                bias = drives[t] if d == 0 else biases[d - 1]
                torch.addmm(bias, inputs[d][t], transposed[d], out=sums[d][t])
                new = before[d + 1][t] if d + 1 < depth else before[0][t + 1]
                _activate(sums[d][t], before[d][t], new)
        ctx.mask, ctx.depth = mask, depth
        ctx.save_for_backward(gates, first, inner, *([] if fed is None else [fed]), *weights)
        return first[1:], first[-1].clone()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, outputs: Tensor, last: Tensor) -> tuple[Tensor | None, ...]:
        """Gradients of driven, state, weights and biases."""
        gates, first, inner, *rest = ctx.saved_tensors
        mask, depth = ctx.mask, ctx.depth
        fed = None if mask is None else rest[0]
        weights = rest[-depth:]
        states = [first[:-1], *inner.unbind()]
        gradients = torch.empty_like(gates)
        state = _walk_back(gates, states, weights, mask, outputs, last, gradients)
        # one product a matrix over all time steps
        inputs: Sequence[Tensor] = states if fed is None else fed.unbind()
        flat = gradients.flatten(1, 2)
        by_weight = [flat[d].mT @ inputs[d].flatten(0, 1) for d in range(depth)]
        return gradients[0], state, None, None, *by_weight, *flat[1:].sum(dim=1).unbind()


def _activate(sums: Tensor, state: Tensor, new: Tensor) -> None:
    """Nonlinearities in place; the new state goes to ``new``."""
    hidden = state.shape[1]
    h, carry = sums[:, :hidden], sums[:, hidden:]
    h.tanh_()
    carry.sigmoid_()
    if carry.shape[1] == hidden:
        torch.lerp(state, h, carry, out=new)  # h t + s (1 - t)
    else:
        torch.mul(h, carry[:, :hidden], out=new)
        new.addcmul_(state, carry[:, hidden:])


def _walk_back(
    gates: Tensor,
    states: Sequence[Tensor],
    weights: Sequence[Tensor],
    mask: Tensor | None,
    outputs: Tensor,
    last: Tensor,
    gradients: Tensor,
) -> Tensor:
    """Fill ``gradients`` with those of the sums before the nonlinearities; gives the first state's."""
    depth, time = gates.shape[:2]
    values = [level.unbind() for level in gates]
    before = [level.unbind() for level in states]
    found = [level.unbind() for level in gradients]
    above = outputs.unbind()
    state = last
    spare, through = torch.empty_like(last), torch.empty_like(last)
    for t in reversed(range(time)):
        state = state + above[t]
        for d in reversed(range(depth)):
            _derive(values[d][t], before[d][t], state, found[d][t], spare)
            if mask is None:
                state.addmm_(found[d][t], weights[d])
            else:
                state.addcmul_(torch.mm(found[d][t], weights[d], out=through), mask)
    return state


def _derive(values: Tensor, before: Tensor, state: Tensor, found: Tensor, spare: Tensor) -> None:
    """Gradients of the sums of one product; ``state`` becomes the part that the carry gate passes on."""
    hidden = state.shape[1]
    h, t = values[:, :hidden], values[:, hidden : 2 * hidden]
    torch.mul(state, t, out=spare)
    _TANH(spare, h, grad_input=found[:, :hidden])
    if values.shape[1] == 2 * hidden:
        by_transform = torch.sub(h, before).mul_(state)
        _SIGMOID(by_transform, t, grad_input=found[:, hidden:])
        state.sub_(spare)
        return
    carry = values[:, 2 * hidden :]
    _SIGMOID(torch.mul(state, h, out=spare), t, grad_input=found[:, hidden : 2 * hidden])
    _SIGMOID(torch.mul(state, before, out=spare), carry, grad_input=found[:, 2 * hidden :])
    state.mul_(carry)
