"""The record that leaves this room: three parts as numbers, their vocabulary, and a hash of both."""

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, field_validator
from torch import Tensor

from hyperprune.corpora import sources
from hyperprune.corpora.datasets import DATASETS
from hyperprune.corpora.tokens import Level
from hyperprune.corpora.vocabulary import UNKNOWN, Vocabulary
from hyperprune.errors import CorpusError


class CorpusConfig(BaseModel):
    """Which text a run reads, and how much of it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: str = Field(
        sources.BUILT_IN,
        description="A folder with train.txt, valid.txt and test.txt, a folder of text files, one text file, "
        "a pattern such as books/*.txt, python-docs, or the name of a data set that hyperprune data get has "
        "fetched.",
    )
    level: Level = Field("word", description="word (split at white space) or character.")
    max_train_tokens: int | None = Field(
        None, ge=2, description="Keep only this many tokens from the start of the training part."
    )
    max_evaluation_tokens: int | None = Field(
        None,
        ge=2,
        description="Keep only this many tokens from the start of the validation and of the test part.",
    )
    max_vocabulary: int | None = Field(
        None, ge=2, description="Keep only this many types, the most frequent ones; the rest become <unk>."
    )
    sha256: str | None = Field(
        None, description="Hash of the numbered corpus; filled in when a run starts, checked on resume."
    )

    @field_validator("source")
    @classmethod
    def _absolute(cls, source: str) -> str:
        """A path is kept absolute, so that a run can be resumed from another folder."""
        if source == sources.BUILT_IN or source in DATASETS:
            return source
        try:
            path = Path(source).expanduser()
            if path.exists():
                return str(path.resolve())
            return str(path.absolute()) if sources.is_pattern(source) else source
        except (OSError, RuntimeError, ValueError):  # too long, no such home, a zero byte
            return source


@dataclass(frozen=True, eq=False)
class Corpus:
    """A corpus as numbers.

    Attributes:
        train: token numbers ``(tokens,)``, int64; ``valid`` and ``test`` likewise.
        vocabulary: the types of the training part.
        sha256: hash of the vocabulary and of the three parts.
        split: how the parts were told apart, in words.
    """

    train: Tensor
    valid: Tensor
    test: Tensor
    vocabulary: Vocabulary
    sha256: str
    split: str

    def part(self, name: str) -> Tensor:
        """The part called ``train``, ``valid`` or ``test``."""
        return {"train": self.train, "valid": self.valid, "test": self.test}[name]


@lru_cache(maxsize=2)
def load(config: CorpusConfig) -> Corpus:
    """Read, number and hash the corpus that ``config`` names.

    Raises:
        CorpusError: the source cannot be read, or is not the text whose hash ``config`` names.
    """
    rows, split = _read(config)
    vocabulary = Vocabulary.of(rows["train"], config.max_vocabulary).covering([*rows["valid"], *rows["test"]])
    numbered = {name: vocabulary.encode(row) for name, row in rows.items()}
    sha256 = _hash(vocabulary, [*numbered.values()])
    if config.sha256 not in (None, sha256):
        raise CorpusError(
            f"the corpus {config.source} is not the text that this run was started with: restore it "
            "(python-docs: use the same Python version), or start a new run"
        )
    return Corpus(**numbered, vocabulary=vocabulary, sha256=sha256, split=split)


def load_with(config: CorpusConfig, vocabulary: Vocabulary) -> Corpus:
    """Read a corpus as a network sees it that was trained with another vocabulary.

    The limits of ``config`` on the vocabulary have no effect; tokens outside it become ``<unk>``.

    Raises:
        CorpusError: the source cannot be read, or a token is unknown and the vocabulary has no ``<unk>``.
    """
    rows, split = _read(config)
    if UNKNOWN not in vocabulary.numbers:
        missing = next(
            (token for row in rows.values() for token in row if token not in vocabulary.numbers), None
        )
        if missing is not None:
            raise CorpusError(
                f"the network has never seen {missing[:40]!r}, which {config.source} holds, and has no "
                f"{UNKNOWN} for it: give the text it was trained on, at the same --level"
            )
    numbered = {name: vocabulary.encode(row) for name, row in rows.items()}
    sha256 = _hash(vocabulary, [*numbered.values()])
    return Corpus(**numbered, vocabulary=vocabulary, sha256=sha256, split=split)


def _read(config: CorpusConfig) -> tuple[dict[str, list[str]], str]:
    """The tokens of each part that the limits of ``config`` keep, and how the parts were told apart."""
    parts, kept = sources.read(config.source, config.level), config.max_evaluation_tokens
    rows = {
        "train": parts.train[: config.max_train_tokens],
        "valid": parts.valid[:kept],
        "test": parts.test[:kept],
    }
    return rows, parts.split


def _hash(vocabulary: Vocabulary, rows: list[Tensor]) -> str:
    digest = hashlib.sha256("\n".join(vocabulary.types).encode())
    for row in rows:
        digest.update(len(row).to_bytes(8, "little"))
        digest.update(row.numpy().astype("<i8").tobytes())
    return digest.hexdigest()
