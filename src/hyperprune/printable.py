"""Text from outside, such as names of files and messages of other processes, before anybody sees it."""

import unicodedata

_STANDS_FOR_IT = "?"
_KEPT = "\n\t"
# control signs, those that turn the order of others around, halves of a pair, line ends that are none
_HARMFUL = {"Cc", "Cf", "Cs", "Zl", "Zp"}


def printable(text: str) -> str:
    """The text with a question mark for every sign that would steer a terminal or cannot be shown.

    Line breaks and tabulators stay. As many signs come out as went in, so tables keep their columns.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        _STANDS_FOR_IT if unicodedata.category(sign) in _HARMFUL and sign not in _KEPT else sign
        for sign in text
    )
