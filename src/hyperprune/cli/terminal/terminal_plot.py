"""A curve in one line of text."""

import math
from collections.abc import Sequence

_BLOCKS = "▁▂▃▄▅▆▇█"
_ASCII = "_.-~=+*#"


def spark(values: Sequence[float], width: int, *, ascii_only: bool = False) -> str:
    """Heights of ``values``, evenly picked down to ``width`` signs, from the lowest to the highest."""
    finite = [value for value in values if math.isfinite(value)]
    if not finite:
        return ""
    signs = _ASCII if ascii_only else _BLOCKS
    low, high = min(finite), max(finite)
    scale = (len(signs) - 1) / (high - low) if high > low else 0.0
    shown = min(width, len(values))
    places = [round(place * (len(values) - 1) / max(1, shown - 1)) for place in range(shown)]
    return "".join(signs[round((max(values[place], low) - low) * scale)] for place in places)
