"""Rows as a table: a pandas DataFrame where pandas is installed, the rows themselves otherwise."""

import importlib
from typing import Any

Rows = list[dict[str, Any]]


def table(rows: Rows) -> Any:
    """A DataFrame with a column a key, or the list of dictionaries where there is no pandas."""
    try:
        pandas = importlib.import_module("pandas")
    except ImportError:
        return rows
    return pandas.DataFrame(rows)
