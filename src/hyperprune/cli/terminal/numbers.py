"""Numbers as people type them."""

from collections.abc import Callable
from decimal import Decimal, InvalidOperation

_MOST_DIGITS = 18  # more are no number of steps: the configuration says so


def number(text: str) -> float:
    """``0.67``, ``1e-3`` or ``67%``; a percentage gives exactly the number that its fraction would give.

    Raises:
        ValueError: it is none of these.
    """
    if not text.strip().endswith("%"):
        return float(text)
    try:
        return float(Decimal(text.strip().removesuffix("%").strip()) / 100)
    except InvalidOperation:
        raise ValueError(f"{text!r} is not a percentage: give a number such as 67% or 0.67") from None


def number_or(word: str) -> Callable[[str], str | float]:
    """Reads what :func:`number` reads, or this word."""

    def read(text: str) -> str | float:
        return word if text.strip().lower() == word else number(text)

    return read


def number_or_name(text: str) -> str | int:
    """A number of steps as a number; any other word is judged by the configuration."""
    return int(text) if text.isdecimal() and len(text) <= _MOST_DIGITS else text
