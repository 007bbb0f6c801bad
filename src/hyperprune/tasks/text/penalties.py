"""Penalties of a network's activations (Merity, McCann and Socher 2017, arXiv 1708.01009)."""

from torch import Tensor

from hyperprune.models import Penalised


def activation_penalty(reading: Penalised, ar: float, tar: float) -> Tensor:
    """Activation and temporal activation regularisation of the last layer, a scalar.

    ``ar`` times the mean square of its outputs after dropout, plus ``tar`` times the mean square of the
    change of its outputs, before dropout, from one step to the next; none for a single step.

    Args:
        reading: the network's pass over a window.
        ar: weight of the first.
        tar: weight of the second.
    """
    penalty = ar * reading.dropped.square().mean()
    if tar and len(reading.hidden) > 1:
        penalty = penalty + tar * reading.hidden.diff(dim=0).square().mean()
    return penalty
