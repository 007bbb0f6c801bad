"""A dense network with as many weights as a pruned one has live."""

import torch
from torch import nn

from hyperprune.tasks import AnyTask, Recipe

_STEPS = 14  # of the bisection: widths up to ten thousand are told apart


def as_large_as(task: AnyTask, recipe: Recipe, live: int) -> AnyTask | None:
    """The task with a narrower network, of all widths the one whose number of weights is nearest to ``live``.

    Args:
        task: of the dense network.
        recipe: to open it with.
        live: weights that are wanted, biases included.

    Returns:
        None where the task offers no smaller network, or none that is near.
    """
    low, high = 0.0, 1.0
    found: dict[int, AnyTask] = {}
    for _ in range(_STEPS):
        factor = (low + high) / 2
        smaller = task.smaller(factor)
        if smaller is None:
            return None
        count = _weights(smaller, recipe)
        found.setdefault(count, smaller)
        low, high = (factor, high) if count < live else (low, factor)
    nearest = min(found, key=lambda count: (abs(count - live), count))
    return found[nearest] if 0.5 * live <= nearest <= 1.5 * live else None


def _weights(task: AnyTask, recipe: Recipe) -> int:
    """Weights of a fresh network, shared ones once; nothing of it is computed with."""
    with torch.random.fork_rng(devices=[]):
        network: nn.Module = task.open(recipe).network()
    return sum(parameter.numel() for parameter in network.parameters())
