"""Text to tokens, at the level of words or of characters."""

import re
from typing import Literal

from hyperprune.corpora.vocabulary import EOS

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


def source_tokens(text: str) -> list[str]:
    r"""Lower-case words and single signs (``\w+|[^\w\s]``), for prose that nobody has tokenised."""
    return _SOURCE_TOKEN.findall(text.lower())
