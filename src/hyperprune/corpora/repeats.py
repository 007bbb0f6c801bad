"""How much of a part has been seen in training: a network may know it by heart, and the score flatters it."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

LENGTHS: dict[Literal["word", "character"], int] = {"word": 10, "character": 60}  # ten words either way
WARN_ABOVE = 0.1
_BASE = np.uint64(0x9E3779B97F4A7C15)  # odd, so that every token counts in every bit above its own


def repeated_share(part: Tensor, train: Tensor, length: int) -> float | None:
    """Share of the sequences of ``length`` tokens of a part that occur in training.

    Args:
        part: token numbers ``(tokens,)``.
        train: of the training part likewise.
        length: of a sequence.

    Returns:
        None for a part that is shorter. Sequences are told apart by 64 bits.
    """
    if len(part) < length:
        return None
    known = np.unique(_hashes(train, length))
    return float(np.isin(_hashes(part, length), known).mean())


def _hashes(row: Tensor, length: int) -> NDArray[np.uint64]:
    """One number for each sequence ``(tokens - length + 1,)``, equal for equal ones."""
    numbers = row.numpy().astype(np.uint64) + np.uint64(1)
    count = max(0, len(numbers) - length + 1)
    hashed = np.zeros(count, dtype=np.uint64)
    for place in range(length):  # sums and products are taken modulo 2^64
        hashed = (hashed ^ (hashed >> np.uint64(29))) * _BASE + numbers[place : place + count]
    return hashed
