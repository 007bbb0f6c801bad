"""The types of a training text and their numbers."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

EOS = "<eos>"
UNKNOWN = "<unk>"


@dataclass(frozen=True)
class Vocabulary:
    """Types in order of their number: the most frequent first, ties by first occurrence."""

    types: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.types)

    @cached_property
    def numbers(self) -> dict[str, int]:
        """The number of each type."""
        return {name: number for number, name in enumerate(self.types)}

    @classmethod
    def of(cls, tokens: Iterable[str], limit: int | None = None) -> "Vocabulary":
        """The types of ``tokens``.

        Args:
            tokens: the training text.
            limit: keep at most this many types, the most frequent; ``<unk>`` is one of them, and stands
                for all the others.
        """
        ranked = [name for name, _ in Counter(tokens).most_common()]
        if limit is None or len(ranked) <= limit:
            return cls(tuple(ranked))
        kept = ranked[:limit]
        if UNKNOWN not in kept:
            kept = [*kept[: limit - 1], UNKNOWN]
        return cls(tuple(kept))

    def covering(self, tokens: Iterable[str]) -> "Vocabulary":
        """This vocabulary, with ``<unk>`` appended if it is missing and one of ``tokens`` needs it."""
        if UNKNOWN in self.numbers or all(token in self.numbers for token in tokens):
            return self
        return Vocabulary((*self.types, UNKNOWN))

    def encode(self, tokens: Sequence[str]) -> Tensor:
        """Token numbers ``(len(tokens),)``, int64; a token outside the vocabulary becomes ``<unk>``."""
        numbers = self.numbers
        unknown = numbers.get(UNKNOWN, -1)
        return torch.tensor([numbers.get(token, unknown) for token in tokens], dtype=torch.int64)
