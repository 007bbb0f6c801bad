"""Uniformly among the dead."""

import torch
from torch import Tensor

from hyperprune.papers import MOCANU_2018
from hyperprune.sparsity.rules import GrowthRule, Tensors


def scores(dead: Tensors, signal: Tensors, generator: torch.Generator) -> dict[str, Tensor]:
    """Random numbers, drawn on the CPU so that masks are the same whatever the device.

    In float64, because 2^24 values of float32 would tie within a large matrix and favour low indices. One for
    every entry, dead or not, so that the generator advances by a number that depends on the shapes alone.
    """
    return {name: _draw(mask, generator) for name, mask in dead.items()}


def _draw(mask: Tensor, generator: torch.Generator) -> Tensor:
    return torch.rand(mask.shape, generator=generator, dtype=torch.float64).to(mask.device)


RULE = GrowthRule(scores, papers=(MOCANU_2018,))
