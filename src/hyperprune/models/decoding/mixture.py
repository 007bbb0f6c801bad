"""Mixture of softmaxes (Yang et al. 2018, arXiv 1711.03953): log of a weighted mean of K softmaxes.

With N tokens, K experts, V types and E features, p[n, v] = sum_k prior[n, k] softmax_v(W z[n, k] + b). The
``(N, K, V)`` tensor of the experts is far larger than anything else, so it exists once in training, is
turned into its own gradient in place, and in evaluation never exists as a whole.
"""

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

_ENTRIES = 2**20  # of a block of rows that several passes find in the cache
_EVALUATED = 2**25  # of the experts that evaluation holds at a time
_EVALUATED_ELSEWHERE = 2**28  # a launch costs more there


def mixture_log_probabilities(features: Tensor, prior: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """Log-probabilities of the mixture, ``(N, V)``, never below the log of the smallest normal number.

    Differs: the published code adds 1e-8 to p before the log, so that its probabilities do not sum to 1.

    Args:
        features: z, ``(N, K, E)``.
        prior: mixture weights, ``(N, K)``, which sum to 1 over K.
        weight: W, ``(V, E)``.
        bias: b, ``(V,)``.
    """
    if torch.is_grad_enabled() and any(t.requires_grad for t in (features, prior, weight, bias)):
        scores: Tensor = _Mixture.apply(features, prior, weight, bias)
        return scores
    held = _EVALUATED if features.device.type == "cpu" else _EVALUATED_ELSEWHERE
    rows = _rows(held, features.shape[1], len(bias))
    parts = zip(features.split(rows), prior.split(rows), strict=True)
    return torch.cat([_log(_mix(_products(z, weight), bias, own)) for z, own in parts])


class _Mixture(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, features: Tensor, prior: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        experts = _products(features, weight)
        mixed = _mix(experts, bias, prior)
        ctx.save_for_backward(features, prior, weight, mixed)
        ctx.experts = experts
        return _log(mixed)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        features, prior, weight, mixed = ctx.saved_tensors
        experts, ctx.experts = ctx.experts, None
        if experts is None:
            raise RuntimeError("a mixture of softmaxes has one backward pass a forward pass: run it again")
        by_prior = _to_logits(experts, gradient / mixed.clamp_min(_tiny(mixed)), prior)
        flat = experts.flatten(0, 1)
        by_features = (flat @ weight).view_as(features)
        by_bias = (flat.new_ones(1, len(flat)) @ flat)[0]  # twice as fast as a sum over rows
        return by_features, by_prior, flat.T @ features.flatten(0, 1), by_bias


def _products(features: Tensor, weight: Tensor) -> Tensor:
    """The experts' logits without bias, ``(N, K, V)``."""
    return (features.flatten(0, 1) @ weight.T).view(*features.shape[:2], len(weight))


def _mix(experts: Tensor, bias: Tensor, prior: Tensor) -> Tensor:
    """Add the bias and turn logits into softmaxes in place; gives p, ``(N, V)``."""
    mixed = experts.new_empty(experts.shape[0], experts.shape[2])
    for own in _blocks(experts):
        block = experts[own].add_(bias)
        torch.softmax(block, dim=2, out=block)  # the kernel has read a row when it writes it
        torch.bmm(prior[own, None], block, out=mixed[own, None])
    return mixed


def _to_logits(experts: Tensor, by_mixed: Tensor, prior: Tensor) -> Tensor:
    """Turn softmaxes s into the gradient of their logits in place; gives that of the prior, ``(N, K)``.

    With h = dL/dp: dL/dprior[k] = sum_v s[k, v] h[v], and dL/dlogit[k, v] = prior[k] s[k, v] (h[v] -
    dL/dprior[k]).
    """
    by_prior = torch.empty_like(prior)
    for own in _blocks(experts):
        block, h = experts[own], by_mixed[own, None]
        by_prior[own] = torch.bmm(h, block.mT)[:, 0]  # this order of factors is four times as fast
        block.mul_(prior[own, :, None]).mul_(h - by_prior[own, :, None])
    return by_prior


def _blocks(experts: Tensor) -> list[slice]:
    """Of rows; one where there is no cache to fit."""
    on_cpu = experts.device.type == "cpu"
    rows = _rows(_ENTRIES, experts.shape[1], experts.shape[2]) if on_cpu else max(1, len(experts))
    return [slice(start, start + rows) for start in range(0, len(experts), rows)]


def _rows(entries: int, experts: int, types: int) -> int:
    return max(1, entries // (experts * types))


def _log(mixed: Tensor) -> Tensor:
    return mixed.clamp_min(_tiny(mixed)).log()


def _tiny(like: Tensor) -> float:
    return torch.finfo(like.dtype).tiny
