"""From p to 0 along a line."""

from hyperprune.sparsity.rules import DecayRule


def rate(initial: float, progress: float) -> float:
    """Initial rate times what is left of the budget."""
    return initial * (1 - progress)


RULE = DecayRule(rate)
