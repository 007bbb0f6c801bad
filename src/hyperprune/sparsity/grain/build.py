"""The grain that a variant asks for."""

from torch import nn

from hyperprune.sparsity.grain.blocks import Blocks
from hyperprune.sparsity.grain.contract import Grain
from hyperprune.sparsity.grain.units import Units
from hyperprune.sparsity.grain.weights import Weights
from hyperprune.sparsity.parameters.prunable import Prunable
from hyperprune.sparsity.pattern import PATTERN
from hyperprune.sparsity.variants.variant import PruningVariant


def grain_of(variant: PruningVariant, prunable: Prunable, model: nn.Module) -> Grain:
    """How a variant sees a model.

    Raises:
        ConfigurationError: its pattern does not fit the model.
    """
    block = PATTERN[variant.pattern].block
    if block is None:
        return Units(prunable, model)
    if block == (1, 1) and not variant.keep_diagonal and not variant.gate_densities:
        return Weights(prunable)
    return Blocks(prunable, block, keep_diagonal=variant.keep_diagonal, gates=variant.gate_densities)
