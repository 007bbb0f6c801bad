"""Cross entropy of a linear decoder as one step, so that logits and their gradient never exist side by side.

With N tokens, V types and E features, the logits W h + b are ``(N, V)``, far larger than anything else. They
are made in chunks of rows; while a chunk is at hand it is turned into its own gradient in place, and the
products that take it to h and W are made in the forward pass. What stays for the backward pass has the sizes
of h and W.
"""

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn.functional import cross_entropy

from hyperprune.models.decoding.soft_targets import SoftTargets
from hyperprune.models.layers.working_type import working_type

_CACHED = 2**17  # entries of a block of rows that several passes find in the cache
_CHUNK = 2**23  # entries of the logits that exist at a time on a CPU
_CHUNK_ELSEWHERE = 2**27  # memory there is fast, and a launch costs more than what it saves
_DEEP = 60.0  # nats; a softmax in float32 has probabilities down to exp(-87) with all their digits


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
    kind, on_cpu = working_type(hidden), hidden.device.type == "cpu"
    whole_at_once = soft is None and on_cpu and 0 < hidden.shape[0] * bias.shape[0] <= _CHUNK
    if whole_at_once and kind == hidden.dtype == _wide(kind):
        return _at_once(hidden, weight, bias, targets, wanted)
    h, w, b = hidden.to(kind), weight.to(kind), bias.to(kind)
    losses = h.new_empty(len(h), dtype=_wide(kind))
    divergences = losses if soft is None else torch.zeros_like(losses)
    sums = _Sums(hidden.dtype, len(h), wanted)
    rows = _rows(_CHUNK if on_cpu else _CHUNK_ELSEWHERE, len(b))
    buffer, whole = None, (h, targets, losses, divergences)
    parts: Iterable[tuple[Tensor, ...]] = (whole,)
    if rows < len(h):
        buffer = h.new_empty(rows, len(b))
        parts = zip(*(tensor.split(rows) for tensor in whole), strict=True)
    for index, (part, part_targets, part_losses, part_divergences) in enumerate(parts):
        out = None if buffer is None else buffer[: len(part)]
        logits = torch.addmm(b, part, w.mT, out=out)
        if soft is None and logits.dtype == losses.dtype:
            _to_gradient(logits, part_targets, part_losses)
        else:
            _by_blocks(logits, part_targets, part_losses, soft, index * rows, part_divergences)
        if on_cpu:
            _mend_deep(part_losses, part, w, b, part_targets)
        sums.add(logits, part, w)
    loss = losses.mean()
    if soft is None:
        return loss, loss.clone(), sums.gradients()
    objective = (1 - soft.share) * loss + soft.share * soft.temperature**2 * divergences.mean()
    return objective, loss, sums.gradients()


def _at_once(
    h: Tensor, w: Tensor, b: Tensor, targets: Tensor, wanted: tuple[bool, ...]
) -> tuple[Tensor, Tensor, list[Tensor | None]]:
    """The same, bit for bit, of a small network on a CPU, where a call into torch is a cost that shows."""
    logits, index, share = torch.addmm(b, h, w.mT), targets.unsqueeze(1), 1 / h.shape[0]
    torch.softmax(logits, dim=1, out=logits)  # the kernel has read a row when it writes it
    losses = logits.gather(1, index).log_().neg_()
    if losses.amax().item() > _DEEP:
        _mend_deep(losses[:, 0], h, w, b, targets)
    logits.scatter_(1, index, -1.0, reduce="add")
    nothing, (by_hidden, by_weight, by_bias) = h.new_empty(1, 1), wanted
    hidden = torch.addmm(nothing, logits, w, beta=0, alpha=share) if by_hidden else None
    weight = torch.addmm(nothing, logits.mT, h, beta=0, alpha=share) if by_weight else None
    bias = (logits.new_ones(1, h.shape[0]) @ logits)[0].mul_(share) if by_bias else None
    loss = losses.mean()
    return loss, loss.clone(), [hidden, weight, bias]


def _to_gradient(logits: Tensor, targets: Tensor, losses: Tensor) -> None:
    """Fill in the losses of some rows, and turn their logits into N times their gradient."""
    index = targets[:, None]
    if logits.device.type == "cpu":  # a loss whose probability vanishes is mended, which asks the values
        torch.softmax(logits, dim=1, out=logits)  # the kernel has read a row when it writes it
        torch.log(logits.gather(1, index)[:, 0], out=losses).neg_()
    else:
        # log sum exp(x) = max x - log max softmax(x): half the time of a log-softmax and its exponential
        below = logits.amax(dim=1).sub_(logits.gather(1, index)[:, 0])
        torch.softmax(logits, dim=1, out=logits)
        losses.copy_(below.sub_(logits.amax(dim=1).log_()))
    logits.scatter_add_(1, index, logits.new_full((1, 1), -1.0).expand(index.shape))


def _by_blocks(
    logits: Tensor,
    targets: Tensor,
    losses: Tensor,
    soft: SoftTargets | None,
    start: int,
    divergences: Tensor,
) -> None:
    """The same where that takes several passes: in a wider type, or beside a teacher.

    Args:
        logits: some rows; their gradient afterwards.
        targets: theirs.
        losses: theirs, filled in.
        soft: the teacher's distributions of all rows.
        start: of all rows, the first one here.
        divergences: filled in if there is a teacher.
    """
    for rows in _blocks(logits):
        block = logits[rows]
        wide = block.to(losses.dtype)
        imitated = None
        if soft is not None:
            imitated = _imitate(wide, soft, slice(start + rows.start, start + rows.stop), divergences[rows])
        _to_gradient(wide, targets[rows], losses[rows])
        if soft is not None and imitated is not None:
            wide.mul_(1 - soft.share).add_(imitated)
        if wide is not block:
            block.copy_(wide)


def _mend_deep(losses: Tensor, h: Tensor, w: Tensor, b: Tensor, targets: Tensor) -> None:
    """Losses whose probability is too small for a float are taken from logits made once more."""
    if len(losses) and float(losses.amax()) > _DEEP:
        rows = (losses > _DEEP).nonzero()[:, 0]
        logits = torch.addmm(b, h[rows], w.mT).to(losses.dtype)
        losses[rows] = cross_entropy(logits, targets[rows], reduction="none")


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
    """Gradients of h, W and b, added up over chunks of rows; the mean's 1 / N is in the products.

    The first product of each makes the tensor that the others are added to: nearly always it is the only one,
    and nothing is cleared, viewed or copied beside it.

    Args:
        kind: of the gradients.
        count: N.
        wanted: which of the three there should be.
    """

    def __init__(self, kind: torch.dtype, count: int, wanted: tuple[bool, ...]) -> None:
        self._kind, self._wanted, self._share = kind, wanted, 1 / max(1, count)
        self._hidden: list[Tensor] = []
        self._weight: Tensor | None = None
        self._bias: Tensor | None = None

    def add(self, logits: Tensor, h: Tensor, w: Tensor) -> None:
        """Take in the gradient of the logits of the next rows, whose h is given."""
        by_hidden, by_weight, by_bias = self._wanted
        if by_hidden:
            self._hidden.append(self._product(logits, w, None))
        if by_weight:
            self._weight = self._product(logits.mT, h, self._weight)
        if by_bias:  # over many rows twice as fast as their sum
            self._bias = self._share_of(logits.new_ones(1, len(logits)) @ logits, self._bias)

    def gradients(self) -> list[Tensor | None]:
        """Of h, W and b."""
        hidden = None
        if self._hidden:
            hidden = self._hidden[0] if len(self._hidden) == 1 else torch.cat(self._hidden)
        return [hidden, self._weight, None if self._bias is None else self._bias[0]]

    def _product(self, left: Tensor, right: Tensor, before: Tensor | None) -> Tensor:
        """The product / N, added to what was there."""
        if left.dtype != self._kind:
            return self._share_of(left @ right, before)
        if before is None:
            return torch.addmm(right.new_empty(1, 1), left, right, beta=0, alpha=self._share)
        return before.addmm_(left, right, alpha=self._share)

    def _share_of(self, sums: Tensor, before: Tensor | None) -> Tensor:
        """Sums / N, added to what was there; narrow ones in the type of the gradients."""
        wide = sums.to(self._kind)
        return wide.mul_(self._share) if before is None else before.add_(wide, alpha=self._share)


def _blocks(logits: Tensor) -> list[slice]:
    """Rows whose passes stay in the cache; one block where there is none."""
    count = len(logits)
    rows = _rows(_CACHED, logits.shape[1]) if logits.device.type == "cpu" else count
    return [slice(first, min(first + rows, count)) for first in range(0, count, rows)]


def _rows(entries: int, types: int) -> int:
    return max(1, entries // types)


def _wide(kind: torch.dtype) -> torch.dtype:
    return torch.promote_types(kind, torch.float32)
