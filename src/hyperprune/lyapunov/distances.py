"""Distances between two spectra, in nats per step."""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from hyperprune.errors import ConfigurationError
from hyperprune.lyapunov.record import Spectrum
from hyperprune.registry import Registry

Metric = Callable[[Tensor, Tensor], Tensor]

# From mean spectra (..., n) and (..., m) in nats to distances (...).
METRICS: Registry[Metric] = Registry("distance")


@METRICS.register("l2")
def _l2(a: Tensor, b: Tensor) -> Tensor:
    """Euclidean norm of the difference, index by index (Zheng and Shlizerman 2025)."""
    difference: Tensor = torch.linalg.vector_norm(a - b, dim=-1)
    return difference


@METRICS.register("wasserstein")
def _wasserstein(a: Tensor, b: Tensor) -> Tensor:
    """2-Wasserstein distance of the two uniform distributions over exponents.

    The quantile functions are steps, so the integral of their squared difference is a sum over the
    stretches between the levels i / n and j / m.
    """
    n, m = a.shape[-1], b.shape[-1]
    # whole numbers, so that levels that coincide are the same: i / n = i m / (n m)
    levels = torch.cat([torch.arange(n + 1) * m, torch.arange(m + 1) * n]).unique()
    weights = levels.diff().to(a) / (n * m)
    place = levels[:-1]
    left, right = a.sort(dim=-1).values, b.sort(dim=-1).values
    difference = left[..., place // m] - right[..., place // n]
    # a norm and not a square root of a sum: its derivative at 0 is 0 and not infinite
    norm: Tensor = torch.linalg.vector_norm(difference * weights.sqrt(), dim=-1)
    return norm


def distance(a: Any, b: Any, kind: str = "l2", *, k: int | None = None, correct_bias: bool = False) -> float:
    """Distance between two spectra, over the directions that are alive in them.

    ``l2`` leaves out an index where either spectrum is structurally dead or minus infinity, ``wasserstein``
    leaves such exponents out of their distribution. Fewer terms make ``l2`` smaller: look at
    ``Spectrum.dead`` beside it.

    Args:
        a: a :class:`Spectrum`, or one-dimensional exponents in nats.
        b: the same kind of thing.
        kind: ``l2`` (equal layer sizes) or ``wasserstein`` (any sizes; a mean over exponents, so smaller
            than ``l2`` by the square root of their number where both are defined and sorted alike).
        k: compare only the first ``k`` columns of each layer; None compares all.
        correct_bias: for ``l2`` of two spectra on the same sequences: take the noise of the means out,
            sqrt(max(0, d^2 - sum of the variances of the mean differences)).

    Returns:
        nats per step, whatever units the spectra are in; infinite where nothing is alive in both, 0 where
        nothing is alive at all.

    Raises:
        ConfigurationError: state, direction, k or (``l2``) layer sizes differ, or one is no spectrum.
        UnknownNameError: no such kind.
    """
    value = float(distance_tensor(a, b, kind, k=k).detach())
    if not correct_bias:
        return value
    return math.sqrt(max(0.0, value**2 - _noise(a, b, kind, k)))


def distance_tensor(a: Any, b: Any, kind: str = "l2", *, k: int | None = None) -> Tensor:
    """:func:`distance` as a scalar tensor, which keeps derivatives of differentiable spectra."""
    metric = METRICS[kind]
    if isinstance(a, Spectrum) and isinstance(b, Spectrum):
        a, b = comparable(a, b, kind, k=k)
        return _of_live(metric, kind, a.mean, b.mean, a.alive, b.alive)
    if isinstance(a, Spectrum) or isinstance(b, Spectrum):
        raise ConfigurationError(
            "a spectrum can only be compared with a spectrum, got one and an array whose conventions are "
            "unknown: give two spectra, or two arrays in nats such as spectrum.in_nats().mean"
        )
    first, second = _exponents(a), _exponents(b)
    if k is not None:
        first, second = first[:k], second[:k]
    if kind == "l2" and first.shape != second.shape:
        raise ConfigurationError(
            f"l2 needs as many exponents on both sides, got {len(first)} and {len(second)}: use "
            "kind='wasserstein'"
        )
    finite = first.detach().isfinite(), second.detach().isfinite()
    return _of_live(metric, kind, first, second, *finite)


def live_columns(a: Spectrum, b: Spectrum, kind: str) -> tuple[Tensor, Tensor]:
    """Which columns of two comparable spectra a distance compares, ``(n,)`` booleans for each.

    For ``l2``, index by index, those that are alive in both; for others the live ones of each.

    Raises:
        ConfigurationError: there are none.
    """
    left, right = _live(a.alive, b.alive, kind)
    if not (left.any() and right.any()):
        raise ConfigurationError(
            f"no direction is alive in both spectra, {int(a.dead.sum())} and {int(b.dead.sum())} are dead: "
            "give networks of more weights"
        )
    return left, right


def _live(a: Tensor, b: Tensor, kind: str) -> tuple[Tensor, Tensor]:
    return (a & b, a & b) if kind == "l2" else (a, b)


def _of_live(metric: Metric, kind: str, a: Tensor, b: Tensor, alive: Tensor, other_alive: Tensor) -> Tensor:
    """The metric of what is compared; with nothing to compare infinite, or zero if nothing lives at all."""
    left, right = _live(alive, other_alive, kind)
    if bool(left.any() and right.any()):
        return metric(a[left], b[right])
    both_dead = not bool(alive.any() or other_alive.any())
    return torch.tensor(0.0 if both_dead else math.inf, dtype=torch.float64)


def comparable(a: Spectrum, b: Spectrum, kind: str, *, k: int | None = None) -> tuple[Spectrum, Spectrum]:
    """Both in nats, cut to ``k`` leading columns a layer, after checking that they mean the same.

    Raises:
        ConfigurationError: state, direction, k or (``l2``) layer sizes differ.
    """
    if k is not None:
        a, b = a.leading(k), b.leading(k)
    for name in ("state", "direction", "k"):
        left, right = getattr(a.conventions, name), getattr(b.conventions, name)
        if left != right:
            raise ConfigurationError(
                f"spectra must agree in {name} to be compared, got {left!r} and {right!r}: compute both alike"
            )
    if kind == "l2" and a.layer_sizes != b.layer_sizes:
        raise ConfigurationError(
            f"l2 needs equal layer sizes, got {a.layer_sizes} and {b.layer_sizes}: use kind='wasserstein'"
        )
    return a.in_nats(), b.in_nats()


def _noise(a: Any, b: Any, kind: str, k: int | None) -> float:
    """Expected excess of the squared l2 distance: the trace of the covariance of the mean difference."""
    known = kind == "l2" and isinstance(a, Spectrum) and isinstance(b, Spectrum)
    if not known or not len(a.exponents) == len(b.exponents) > 1:
        raise ConfigurationError(
            "correct_bias needs l2 and two spectra on the same two or more sequences: use distance_interval "
            "for other kinds, or leave it out"
        )
    a, b = comparable(a, b, kind, k=k)
    columns, _ = live_columns(a, b, kind)
    difference = a.exponents.detach()[:, columns] - b.exponents.detach()[:, columns]
    return float(difference.var(dim=0).sum() / len(difference))


def _exponents(values: Any) -> Tensor:
    tensor = torch.as_tensor(values)
    if tensor.dim() != 1 or tensor.numel() == 0:
        raise ConfigurationError(
            f"exponents must be a one-dimensional array, got shape {tuple(tensor.shape)}: give spectrum.mean"
        )
    if bool(tensor.isnan().any()):
        raise ConfigurationError("exponents must be numbers, got NaN: leave such spectra out")
    return tensor.double()
