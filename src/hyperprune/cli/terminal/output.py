"""What commands print for machines."""

import json
import sys
from typing import Any

from hyperprune.printable import printable


def print_json(value: Any) -> None:
    """One JSON document on the standard output, keys sorted; nothing else goes there with --json.

    Signs that the output cannot carry, or that would steer a terminal, are written as escapes.
    """
    text = json.dumps(value, sort_keys=True, indent=1, ensure_ascii=False)
    if not _carried(text):
        text = json.dumps(value, sort_keys=True, indent=1)
    sys.stdout.write(text + "\n")


def _carried(text: str) -> bool:
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        return False
    return printable(text) == text
