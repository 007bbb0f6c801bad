"""From a text to what a language model reads, and back."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from torch import Tensor

from hyperprune.corpora.tokens import Level, text_of, tokenise
from hyperprune.corpora.vocabulary import EOS, UNKNOWN, Vocabulary
from hyperprune.errors import ConfigurationError


@dataclass(frozen=True)
class TextCodec:
    """How a trained language model reads; ``network.text`` of a network that a run gives.

    Attributes:
        vocabulary: its types by number.
        level: whether a type is a word or a character.
    """

    vocabulary: Vocabulary
    level: Level

    @classmethod
    def of(cls, types: tuple[str, ...], level: str | None) -> Self:
        """Of a vocabulary; where nobody knows the level, that of its types."""
        if level is None:
            single = all(len(name) == 1 for name in types if name not in (EOS, UNKNOWN))
            level = "character" if single else "word"
        return cls(Vocabulary(types), "character" if level == "character" else "word")

    def encode(self, text: str) -> Tensor:
        """Token numbers ``(tokens,)``, int64; each line ends with ``<eos>`` if those of training did.

        ``network(numbers[:, None])`` takes them as one sequence.

        Raises:
            ConfigurationError: a token is not in the vocabulary, which has no ``<unk>`` for it.
        """
        numbers = self.vocabulary.numbers
        tokens = [token for token in tokenise(text, self.level) if token != EOS or EOS in numbers]
        new = None if UNKNOWN in numbers else next((token for token in tokens if token not in numbers), None)
        if new is not None:
            raise ConfigurationError(
                f"the network has never seen {new[:40]!r}, and has no {UNKNOWN} for it: give another text"
            )
        return self.vocabulary.encode(tokens)

    def decode(self, numbers: Tensor | Iterable[int]) -> str:
        """Token numbers as people read them; lines end at ``<eos>``.

        Raises:
            ConfigurationError: a number that no type has.
        """
        known = list(numbers.flatten().tolist() if isinstance(numbers, Tensor) else numbers)
        size = len(self.vocabulary)
        for number in known:
            if not 0 <= number < size:
                raise ConfigurationError(
                    f"token numbers lie between 0 and {size - 1}, got {number}: give those of this network"
                )
        return text_of((self.vocabulary.types[number] for number in known), self.level)
