"""What trained weights take: bytes in an export, and multiply-adds a token."""

from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor

from hyperprune.inference.compact import compacted
from hyperprune.inference.plain import Matrix


@dataclass(frozen=True)
class Account:
    """The size and the work of a network.

    Attributes:
        bytes: of its weights in the smallest form of an export, float32.
        dense_bytes: of all weights, dead ones too.
        multiply_adds: a token, of live weights; looking up a token takes none.
        dense_multiply_adds: of all weights.
    """

    bytes: int
    dense_bytes: int
    multiply_adds: int
    dense_multiply_adds: int


def account(
    weights: Mapping[str, Tensor], masks: Mapping[str, Tensor], uses: Mapping[str, tuple[int, int]]
) -> Account:
    """Add up weights by name.

    Args:
        weights: parameters, a shared one once.
        masks: bool, of those that are pruned; without one all of a matrix lives.
        uses: products a step and gates of each matrix.
    """
    size = dense = products = every = 0
    for name, weight in weights.items():
        mask = masks.get(name)
        times, gates = uses.get(name, (0, 1))
        live = weight.numel() if mask is None else int(mask.sum())
        products, every = products + times * live, every + times * weight.numel()
        whole = weight.numel() * (4 if weight.is_floating_point() else weight.element_size())
        dense += whole
        if mask is None or weight.dim() != 2:
            size += whole
            continue
        _, kept = compacted(name, Matrix.of(weight, mask, gates))
        size += sum(tensor.numel() * tensor.element_size() for tensor in kept.values())
    return Account(size, dense, products, every)
