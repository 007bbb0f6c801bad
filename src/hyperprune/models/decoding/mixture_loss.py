"""Cross entropy of a mixture of softmaxes as one step; see :mod:`.mixture` for the signs.

Of all probabilities the loss needs that of the target alone: p = sum_k prior[k] s_k[y] with s_k the softmax
of expert k and y the target. With the responsibilities r_k = prior[k] s_k[y] / p, the gradient of expert k's
logits is r_k (s_k - onehot(y)): softmaxes become gradients by one subtraction, and r_k goes into the factors
of the products. Experts exist a chunk of rows at a time.
"""

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from hyperprune.models.layers.working_type import working_type

_CACHED = 2**17  # entries of a block of rows that several passes find in the cache
_CHUNK = 2**25  # entries of the experts that exist at a time on a CPU
_CHUNK_ELSEWHERE = 2**28  # a launch costs more there


def mixture_loss(features: Tensor, prior: Tensor, weight: Tensor, bias: Tensor, targets: Tensor) -> Tensor:
    """Mean cross entropy of the mixture in nats, a scalar; differentiable once.

    The cross entropy of ``mixture_log_probabilities`` with the same arguments. Under autocast the products
    run in its type, softmax and sums in float32.

    Args:
        features: z, ``(N, K, E)``.
        prior: mixture weights, ``(N, K)``, which sum to 1 over K.
        weight: W, ``(V, E)``.
        bias: b, ``(V,)``.
        targets: int64, ``(N,)``.
    """
    if torch.is_grad_enabled() and any(t.requires_grad for t in (features, prior, weight, bias)):
        loss: Tensor = _MixtureLoss.apply(features, prior, weight, bias, targets)
        return loss
    return _pass(features, prior, weight, bias, targets, graph=False)[0]


class _MixtureLoss(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, features: Tensor, prior: Tensor, weight: Tensor, bias: Tensor, targets: Tensor
    ) -> Tensor:
        loss, ctx.gradients = _pass(features, prior, weight, bias, targets, graph=True)
        return loss

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, above: Tensor) -> tuple[Tensor | None, ...]:
        found, ctx.gradients = ctx.gradients, None
        if found is None:
            raise RuntimeError("a mixture of softmaxes has one backward pass a forward pass: run it again")
        if above.device.type == "cpu" and above.item() == 1:  # elsewhere asking would be a wait
            return (*found, None)
        return (*[own.mul_(above) for own in found], None)


def _pass(
    features: Tensor, prior: Tensor, weight: Tensor, bias: Tensor, targets: Tensor, *, graph: bool
) -> tuple[Tensor, tuple[Tensor, ...]]:
    """The loss, and with ``graph`` the gradients of features, prior, weight and bias."""
    kind = working_type(features)
    tokens, experts, types = len(features), features.shape[1], len(bias)
    z, w, b = features.detach().to(kind), weight.detach().to(kind), bias.detach().to(kind)
    wide = torch.promote_types(prior.dtype, torch.float32)
    losses = prior.new_empty(tokens, dtype=wide)
    found = _Gradients(features, prior, weight, bias) if graph else None
    limit = _CHUNK if features.device.type == "cpu" else _CHUNK_ELSEWHERE
    rows = max(1, limit // (experts * types))
    buffer = z.new_empty(min(rows, tokens) * experts, types)
    for start in range(0, tokens, rows):
        chunk = slice(start, min(start + rows, tokens))
        flat = z[chunk].flatten(0, 1)
        softmaxes = torch.addmm(b, flat, w.mT, out=buffer[: len(flat)])
        index = targets[chunk].repeat_interleave(experts)[:, None]
        own = _to_softmaxes(softmaxes, index, wide).view(-1, experts)
        joint = prior[chunk].detach().to(wide) * own
        total = joint.sum(dim=1).clamp_min_(torch.finfo(wide).tiny)
        losses[chunk] = total.log().neg_()
        if found is not None:
            softmaxes.scatter_add_(1, index, softmaxes.new_full((1, 1), -1.0).expand(index.shape))
            found.add(softmaxes, flat, w, joint / total[:, None], own / total[:, None], chunk)
    return losses.mean(), () if found is None else found.all()


class _Gradients:
    """Gradients added up over chunks of rows; the mean's 1 / N is in the responsibilities."""

    def __init__(self, features: Tensor, prior: Tensor, weight: Tensor, bias: Tensor) -> None:
        self._tokens = len(features)
        self._features, self._prior = torch.empty_like(features), torch.empty_like(prior)
        self._weight, self._bias = torch.empty_like(weight), torch.zeros_like(bias)

    def add(
        self, logits: Tensor, flat: Tensor, w: Tensor, shares: Tensor, by_prior: Tensor, rows: slice
    ) -> None:
        """Take in some rows; ``logits`` times the responsibilities ``shares`` is their gradient."""
        scale = shares.div_(self._tokens).flatten()[:, None]
        self._prior[rows] = by_prior.div_(-self._tokens)
        products = (logits @ w).to(scale.dtype).mul_(scale)
        self._features[rows] = products.view_as(self._features[rows])
        weighted, narrow = flat * scale.to(flat.dtype), logits.dtype != self._weight.dtype
        first = rows.start == 0
        if narrow and first:
            self._weight.copy_(logits.mT @ weighted)
        elif narrow:
            self._weight.add_(logits.mT @ weighted)
        else:
            torch.addmm(self._weight, logits.mT, weighted, beta=0 if first else 1, out=self._weight)
        self._bias.add_((scale.mT.to(logits.dtype) @ logits)[0])

    def all(self) -> tuple[Tensor, ...]:
        """Of features, prior, weight and bias."""
        return self._features, self._prior, self._weight, self._bias


def _to_softmaxes(logits: Tensor, index: Tensor, wide: torch.dtype) -> Tensor:
    """Turn logits into softmaxes in place; gives those of the targets, in a type that rounds less."""
    found = []
    for block, own in zip(_blocks(logits), _blocks(index, logits.shape[1]), strict=True):
        exact = block.to(wide)
        torch.softmax(exact, dim=1, out=exact)  # the kernel has read a row when it writes it
        found.append(exact.gather(1, own)[:, 0])
        if exact is not block:
            block.copy_(exact)
    return torch.cat(found)


def _blocks(rows: Tensor, types: int | None = None) -> tuple[Tensor, ...]:
    """Rows whose passes over all types stay in the cache; one block where there is none."""
    if rows.device.type != "cpu":
        return (rows,)
    blocks: tuple[Tensor, ...] = rows.split(max(1, _CACHED // (types or rows.shape[1])))
    return blocks
