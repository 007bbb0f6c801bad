"""Cross entropy of a linear decoder as one step, so that logits and their gradient never exist side by side.

With N tokens, V types and E features, the logits W h + b are ``(N, V)``, far larger than anything else. They
are made in chunks of rows; while a chunk is at hand it is turned into its own gradient in place, and the
products that take it to h and W are made in the forward pass. What stays for the backward pass has the sizes
of h and W.
"""

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from hyperprune.models.decoding.soft_targets import SoftTargets
from hyperprune.models.layers.working_type import working_type

_CACHED = 2**17  # entries of a block of rows that several passes find in the cache
_CHUNK = 2**23  # entries of the logits that exist at a time on a CPU
_CHUNK_ELSEWHERE = 2**27  # memory there is fast, and a launch costs more than what it saves


def softmax_loss(
    hidden: Tensor, weight: Tensor, bias: Tensor, targets: Tensor, soft: SoftTargets | None = None
) -> tuple[Tensor, Tensor]:
    """What is minimised and the mean cross entropy in nats, both scalars; the second has no graph.

    Without ``soft`` the two are equal; with it the first is (1 - a) cross entropy + a T^2 KL(teacher ||
    student), both means over the tokens (Hinton, Vinyals and Dean 2015, arXiv 1503.02531). Differentiable
    once. Under autocast the products run in its type, softmax and sums in float32.

    Args:
        hidden: h, ``(N, E)``.
        weight: W, ``(V, E)``.
        bias: b, ``(V,)``.
        targets: int64, ``(N,)``.
        soft: a teacher's distributions.
    """
    if torch.is_grad_enabled() and any(t.requires_grad for t in (hidden, weight, bias)):
        found: tuple[Tensor, Tensor] = _SoftmaxLoss.apply(hidden, weight, bias, targets, soft)
        return found
    objective, loss, _ = _pass(hidden, weight, bias, targets, soft, (False, False, False))
    return objective, loss


class _SoftmaxLoss(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, hidden: Tensor, weight: Tensor, bias: Tensor, targets: Tensor, soft: SoftTargets | None
    ) -> tuple[Tensor, Tensor]:
        objective, loss, gradients = _pass(hidden, weight, bias, targets, soft, ctx.needs_input_grad[:3])
        ctx.gradients = gradients  # not saved tensors: those would be copied on their way to a parameter
        ctx.mark_non_differentiable(loss)
        return objective, loss

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, above: Tensor, _: Tensor) -> tuple[Tensor | None, ...]:
        found, ctx.gradients = ctx.gradients, None
        if found is None:
            raise RuntimeError("a fused cross entropy has one backward pass a forward pass: run it again")
        if above.device.type == "cpu" and above.item() == 1:  # elsewhere asking would be a wait
            return (*found, None, None)
        return (*[None if own is None else own.mul_(above) for own in found], None, None)


def _pass(
    hidden: Tensor,
    weight: Tensor,
    bias: Tensor,
    targets: Tensor,
    soft: SoftTargets | None,
    wanted: tuple[bool, ...],
) -> tuple[Tensor, Tensor, list[Tensor | None]]:
    """Objective, cross entropy, and the gradients of h, W and b that are ``wanted``."""
    kind = working_type(hidden)
    h, w, b = hidden.detach().to(kind), weight.detach().to(kind), bias.detach().to(kind)
    losses = hidden.new_zeros(len(h), dtype=_wide(kind))
    divergences = losses if soft is None else torch.zeros_like(losses)
    sums = _Sums(hidden, weight, bias, wanted)
    rows = _rows(_CHUNK if hidden.device.type == "cpu" else _CHUNK_ELSEWHERE, len(b))
    buffer = h.new_empty(min(rows, len(h)), len(b))
    for start in range(0, len(h), rows):
        chunk = slice(start, min(start + rows, len(h)))
        logits = torch.addmm(b, h[chunk], w.mT, out=buffer[: chunk.stop - start])
        for own in _blocks(logits, start):
            block = logits[own.start - start : own.stop - start]
            gradient = _to_gradient(block, targets[own], losses[own], soft, own, divergences[own])
            if gradient is not block:
                block.copy_(gradient)
        sums.add(logits, h, w, chunk)
    loss = losses.mean()
    if soft is None:
        return loss, loss.clone(), sums.gradients()
    objective = (1 - soft.share) * loss + soft.share * soft.temperature**2 * divergences.mean()
    return objective, loss, sums.gradients()


def _to_gradient(
    block: Tensor,
    targets: Tensor,
    losses: Tensor,
    soft: SoftTargets | None,
    rows: slice,
    divergences: Tensor,
) -> Tensor:
    """Fill in the losses of some rows; gives N times the gradient of their logits, in place if it can."""
    wide = block.to(losses.dtype)
    imitated = None if soft is None else _imitate(wide, soft, rows, divergences)
    index = targets[:, None]
    # log sum exp(x) = max x - log max softmax(x): half the time of a log-softmax and its exponential
    below = wide.amax(dim=1).sub_(wide.gather(1, index)[:, 0])
    torch.softmax(wide, dim=1, out=wide)  # the kernel has read a row when it writes it
    losses.copy_(below.sub_(wide.amax(dim=1).log_()))
    wide.scatter_add_(1, index, wide.new_full((1, 1), -1.0).expand(index.shape))
    if soft is None or imitated is None:
        return wide
    return wide.mul_(1 - soft.share).add_(imitated)


def _imitate(logits: Tensor, soft: SoftTargets, rows: slice, divergences: Tensor) -> Tensor:
    """Fill in KL(teacher || student) at temperature T; gives a T^2 times its gradient by the logits.

    That is a T (q - p) with p and q the softmax of the teacher's and the student's logits over T.
    """
    teacher = soft.logits(rows).to(logits.dtype).div_(soft.temperature).log_softmax(dim=1)
    student = (logits / soft.temperature).log_softmax(dim=1)
    weights = teacher.exp()
    # a type that the teacher excludes adds nothing, whatever the student says of it
    divergences.copy_((weights * (teacher.sub_(student)).nan_to_num_()).sum(dim=1))
    return student.exp_().sub_(weights).mul_(soft.share * soft.temperature)


class _Sums:
    """Gradients of h, W and b, added up over chunks of rows; the mean's 1 / N is in the products."""

    def __init__(self, hidden: Tensor, weight: Tensor, bias: Tensor, wanted: tuple[bool, ...]) -> None:
        by_hidden, by_weight, by_bias = wanted
        self._share = 1 / max(1, len(hidden))
        self._hidden = torch.empty_like(hidden) if by_hidden else None
        self._weight = torch.empty_like(weight) if by_weight else None
        self._bias = torch.zeros_like(bias) if by_bias else None

    def add(self, logits: Tensor, h: Tensor, w: Tensor, rows: slice) -> None:
        """Take in the gradient of some rows' logits."""
        if self._hidden is not None:
            _product(logits, w, self._share, self._hidden[rows], first=True)
        if self._weight is not None:
            _product(logits.mT, h[rows], self._share, self._weight, first=rows.start == 0)
        if self._bias is not None:  # twice as fast as a sum over rows
            self._bias.add_((logits.new_ones(1, len(logits)) @ logits)[0], alpha=self._share)

    def gradients(self) -> list[Tensor | None]:
        """Of h, W and b."""
        return [self._hidden, self._weight, self._bias]


def _product(left: Tensor, right: Tensor, share: float, out: Tensor, *, first: bool) -> None:
    """``out`` = share left right, or that added to it; a narrow product is added in the type of ``out``."""
    if left.dtype == out.dtype:
        torch.addmm(out, left, right, beta=0 if first else 1, alpha=share, out=out)
    elif first:
        torch.mul(left @ right, share, out=out)
    else:
        out.add_(left @ right, alpha=share)


def _blocks(logits: Tensor, start: int) -> list[slice]:
    """Rows, counted from the first of all, whose passes stay in the cache; one block where there is none."""
    rows = _rows(_CACHED, logits.shape[1]) if logits.device.type == "cpu" else len(logits)
    stop = start + len(logits)
    return [slice(first, min(first + rows, stop)) for first in range(start, stop, rows)]


def _rows(entries: int, types: int) -> int:
    return max(1, entries // types)


def _wide(kind: torch.dtype) -> torch.dtype:
    return torch.promote_types(kind, torch.float32)
