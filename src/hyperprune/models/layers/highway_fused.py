"""The recurrence of a highway layer over all time steps with its derivative written by hand.

Autograd would keep a node for every small operation and add a weight gradient of full size at each of
``time * depth`` products. Here the backward pass walks the same loop with its products by the state alone,
and every weight gradient is one product over all time steps at the end. Both loops are functions of tensors
alone, so that :mod:`.graphed` can replay them.

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

from hyperprune.models.layers.graphed import current_graphs
from hyperprune.models.layers.narrow_product import add_product, by_matrix, product
from hyperprune.models.layers.working_type import loop_type

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
        weights = tuple(weight.to(loop_type(weight)) for weight in weights)
        ctx.graphs = current_graphs()
        gates, first, inner, *fed = ctx.graphs.run(_forward, driven, state, mask, depth, *weights, *biases)
        ctx.mask, ctx.depth = mask, depth
        ctx.save_for_backward(gates, first, inner, *fed, *weights)
        return first[1:], first[-1].clone()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, outputs: Tensor, last: Tensor) -> tuple[Tensor | None, ...]:
        """Gradients of driven, state, weights and biases."""
        driven, state, biases, *weights = ctx.graphs.run(
            _backward, outputs, last, ctx.mask, ctx.depth, *ctx.saved_tensors
        )
        return driven, state, None, None, *weights, *biases.unbind()


def _forward(
    driven: Tensor, state: Tensor, mask: Tensor | None, depth: int, *recurrent: Tensor
) -> tuple[Tensor, ...]:
    """gates, the outermost states ``(T + 1, B, H)``, those between depths, and fed where there is a mask."""
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
    values = _by_gate(gates, hidden)
    drives = driven.unbind()
    transposed = [weight.mT for weight in weights]
    for t in range(time):
        for d in range(depth):
            if mask is not None:
                torch.mul(before[d][t], mask, out=inputs[d][t])
            bias = drives[t] if d == 0 else biases[d - 1]
            add_product(bias, inputs[d][t], transposed[d], out=sums[d][t])
            new = before[d + 1][t] if d + 1 < depth else before[0][t + 1]
            h, *carry = (gate[d][t] for gate in values)
            _activate(h, carry, before[d][t], new)
    return gates, first, inner, *([] if fed is None else [fed])


def _backward(
    outputs: Tensor, last: Tensor, mask: Tensor | None, depth: int, *kept: Tensor
) -> tuple[Tensor, ...]:
    """Gradients of driven and state, of all biases together, and of every weight."""
    gates, first, inner, *rest = kept
    fed = None if mask is None else rest[0]
    weights = rest[-depth:]
    states = [first[:-1], *inner.unbind()]
    gradients = torch.empty_like(gates)
    state = _walk_back(gates, states, weights, mask, outputs, last, gradients)
    # one product a matrix over all time steps
    inputs: Sequence[Tensor] = states if fed is None else fed.unbind()
    flat = gradients.flatten(1, 2)
    by_weight = [by_matrix(flat[d], inputs[d].flatten(0, 1), weights[d]) for d in range(depth)]
    return gradients[0], state, flat[1:].sum(dim=1), *by_weight


def _by_gate(stacked: Tensor, hidden: int) -> list[list[tuple[Tensor, ...]]]:
    """Views of h, t (and c) by gate, depth and step, made once: making them costs as much as using them."""
    return [[level.unbind() for level in gate] for gate in stacked.split(hidden, dim=3)]


def _activate(h: Tensor, carry: Sequence[Tensor], state: Tensor, new: Tensor) -> None:
    """Nonlinearities in place; the new state goes to ``new``."""
    h.tanh_()
    t = carry[0].sigmoid_()
    if len(carry) == 1:
        torch.lerp(state, h, t, out=new)  # h t + s (1 - t)
    else:
        torch.mul(h, t, out=new).addcmul_(state, carry[1].sigmoid_())


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
    hidden = last.shape[1]
    values, found = _by_gate(gates, hidden), _by_gate(gradients, hidden)
    whole = [level.unbind() for level in gradients]
    before = [level.unbind() for level in states]
    above = outputs.unbind()
    state = last
    spare, through = torch.empty_like(last), torch.empty_like(last)
    for t in reversed(range(time)):
        state = state + above[t]
        for d in reversed(range(depth)):
            own, places = [gate[d][t] for gate in values], [gate[d][t] for gate in found]
            _derive(own, before[d][t], state, places, spare)
            if mask is None:
                add_product(state, whole[d][t], weights[d], out=state)
            else:
                state.addcmul_(product(whole[d][t], weights[d], out=through), mask)
    return state


def _derive(
    values: Sequence[Tensor], before: Tensor, state: Tensor, found: Sequence[Tensor], spare: Tensor
) -> None:
    """Gradients of the sums of one product; ``state`` becomes the part that the carry gate passes on."""
    h, t = values[:2]
    _TANH(torch.mul(state, t, out=spare), h, grad_input=found[0])
    if len(values) == 2:
        by_transform = torch.sub(h, before).mul_(state)
        _SIGMOID(by_transform, t, grad_input=found[1])
        state.sub_(spare)
        return
    _SIGMOID(torch.mul(state, h, out=spare), t, grad_input=found[1])
    _SIGMOID(torch.mul(state, before, out=spare), values[2], grad_input=found[2])
    state.mul_(values[2])
