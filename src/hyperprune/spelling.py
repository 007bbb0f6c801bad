"""What a misspelt name was meant to be."""

import difflib
from collections.abc import Iterable

_LONGEST = 60  # of a name; the comparison takes the square of it


def suggestion(word: str, known: Iterable[str]) -> str:
    """``; did you mean NAME?`` for the known name that is most like a word; empty where none is."""
    found = difflib.get_close_matches(word[:_LONGEST], [*known], n=1, cutoff=0.6)
    return f"; did you mean {found[0]}?" if found else ""
