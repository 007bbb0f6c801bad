"""A run folder alone imports no code: functions that rank its candidates are named again."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hyperprune.search.config.families import DENSE
from hyperprune.search.config.search_config import SearchConfig
from hyperprune.search.metrics.own import check_given


def check_metrics(stored: SearchConfig, path: Path, values: Mapping[str, Any]) -> None:
    """Refuse a folder whose metrics are functions that the user has not named in this call.

    Args:
        stored: the configuration of the folder.
        path: the folder, for the error.
        values: what the user gave, by dotted name.

    Raises:
        ConfigurationError: one of them is.
    """
    if values.get("search.metric") is None:
        check_given(stored.search.metric, path)
    if DENSE in stored.families and values.get("dense_start.search.metric") is None:
        check_given(stored.dense_start.search.metric, path)
