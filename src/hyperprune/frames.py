"""Rows as a pandas table, for those who ask for one."""

from collections.abc import Sequence
from typing import Any

from hyperprune.optional import try_import


def frame(rows: Sequence[dict[str, Any]]) -> Any:
    """A ``pandas.DataFrame`` with a column a key.

    Raises:
        ConfigurationError: pandas is not installed.
    """
    pandas = try_import("pandas", extra="pandas", needed_by="frame()", instead="take rows()")
    return pandas.DataFrame(list(rows))
