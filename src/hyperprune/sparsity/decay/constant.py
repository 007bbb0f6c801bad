"""p throughout."""

from hyperprune.sparsity.rules import DecayRule


def rate(initial: float, progress: float) -> float:
    """The initial rate."""
    return initial


RULE = DecayRule(rate)
