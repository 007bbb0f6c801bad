"""Text to tokens, at the level of words or of characters."""

import re
from collections.abc import Iterable
from typing import Literal

from hyperprune.corpora.vocabulary import EOS
from hyperprune.errors import CorpusError

LONGEST_WORD = 10_000
Level = Literal["word", "character"]

_SOURCE_TOKEN = re.compile(r"\w+|[^\w\s]")


def tokenise(text: str, level: Level) -> list[str]:
    """Tokens of a text, with ``<eos>`` at each line end.

    At word level a line is split at white space. At character level every character stands for itself.
    A last line without a newline counts as ended, as in the field's corpora.
    """
    lines = text.split("\n")
    if lines[-1] == "":
        lines.pop()
    tokens: list[str] = []
    for line in lines:
        tokens += line.split() if level == "word" else line
        tokens.append(EOS)
    return tokens


def text_of(tokens: Iterable[str], level: str | None) -> str:
    """Tokens as people read them: characters side by side, words with spaces between, lines ended."""
    between = "" if level == "character" else " "
    lines = between.join(tokens).split(EOS)
    return "\n".join(line.strip(" ") if between else line for line in lines)


def check_words(tokens: list[str], name: str) -> None:
    """Refuse what white space does not split: a word of many thousand characters is none.

    Raises:
        CorpusError: there is one; ``name`` says where.
    """
    longest = max(tokens, key=len, default="")
    if len(longest) > LONGEST_WORD:
        line = tokens[: tokens.index(longest)].count(EOS) + 1
        raise CorpusError(
            f"{name} has a word of {len(longest):,} characters in line {line}, at most {LONGEST_WORD:,} are "
            "read: put white space between the words, or read characters with --level character"
        )


def source_tokens(text: str) -> list[str]:
    r"""Lower-case words and single signs (``\w+|[^\w\s]``), for prose that nobody has tokenised."""
    return _SOURCE_TOKEN.findall(text.lower())
