"""Which suggestions are asked together: a pure function of the trial's number.

Suggestions of one batch are asked before any of them is told. So they can train side by side, and what is
suggested depends on the size of the batch and never on how many workers there are, which of them is
faster, or where a search was interrupted.
"""


def batch_of(number: int, size: int, startup: int) -> range:
    """Numbers of the batch that a trial belongs to.

    The first ``startup`` suggestions are drawn at random, whatever was told, and so make up one batch at
    no cost to what the optimiser learns.

    Args:
        number: the trial's.
        size: suggestions in each later batch.
        startup: suggestions before the optimiser begins to learn.
    """
    if number < startup:
        return range(startup)
    first = number - (number - startup) % size
    return range(first, first + size)
