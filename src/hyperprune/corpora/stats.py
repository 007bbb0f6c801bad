"""What a corpus is made of: the first thing to look at before training on it."""

from itertools import pairwise

from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor

from hyperprune.corpora.corpus import Corpus
from hyperprune.corpora.repeats import LENGTHS, repeated_share
from hyperprune.corpora.tokens import Level
from hyperprune.corpora.unigram import unigram_perplexity
from hyperprune.corpora.vocabulary import EOS, UNKNOWN


class PartStats(BaseModel):
    """One part of a corpus."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    tokens: int = Field(description="Tokens, line ends included.")
    types: int = Field(description="Different tokens that occur.")
    unknown: int = Field(
        description="Tokens that are <unk>, in the text or because the vocabulary lacks them."
    )
    unknown_rate: float = Field(description="Their share of the tokens.")
    repeated: float | None = Field(
        None,
        description="Share of its sequences of ten words, or 60 characters, that occur in training; None for "
        "the training part and parts that are shorter.",
    )
    lines: int = Field(description="Line ends.")
    longest_line: int | None = Field(
        description="Tokens of the longest line, its end not counted; None for a text without line ends."
    )


class CorpusStats(BaseModel):
    """All parts of a corpus."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    level: str = Field(description="word or character.")
    vocabulary: int = Field(description="Types that a network would have.")
    unigram_perplexity: float | None = Field(
        description="Validation perplexity of word frequencies alone; None without validation tokens."
    )
    sha256: str = Field(description="Hash of the numbered corpus, as a run's configuration holds it.")
    split: str = Field(description="How the three parts were told apart.")
    parts: dict[str, PartStats]


def stats(corpus: Corpus, level: Level) -> CorpusStats:
    """Count a corpus."""
    numbers = corpus.vocabulary.numbers
    rows = {name: corpus.part(name) for name in ("train", "valid", "test")}
    return CorpusStats(
        level=level,
        vocabulary=len(corpus.vocabulary),
        unigram_perplexity=unigram_perplexity(corpus) if len(corpus.valid) else None,
        sha256=corpus.sha256,
        split=corpus.split,
        parts={
            name: _part(
                row,
                numbers.get(UNKNOWN, -1),
                numbers.get(EOS, -1),
                None if name == "train" else repeated_share(row, corpus.train, LENGTHS[level]),
            )
            for name, row in rows.items()
        },
    )


def _part(row: Tensor, unknown: int, eos: int, repeated: float | None) -> PartStats:
    missing = int((row == unknown).sum())
    ends = (row == eos).nonzero().flatten()
    return PartStats(
        tokens=len(row),
        types=len(row.unique()),
        unknown=missing,
        unknown_rate=missing / max(len(row), 1),
        repeated=repeated,
        lines=len(ends),
        longest_line=_longest(ends.tolist(), len(row)) if len(ends) else None,
    )


def _longest(ends: list[int], length: int) -> int:
    """The longest stretch between line ends; a part may begin or stop inside a line."""
    edges = [-1, *ends, length]
    return max(after - before - 1 for before, after in pairwise(edges))
