"""The user's own metric: a function named ``package.module:function``."""

import os
import pkgutil
import re
import sys
from pathlib import Path

from hyperprune.errors import ConfigurationError
from hyperprune.search.metrics.early import METRICS, Measured, Metric, plain

_NAME = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*")


def checked_name(name: str) -> str:
    """The name, of a known metric or as a function's looks; nothing is imported.

    Raises:
        ConfigurationError: it is neither.
    """
    if ":" not in name:
        METRICS[name]
    elif not _NAME.fullmatch(name):
        raise ConfigurationError(
            f"a metric of your own is package.module:function, got {name!r}: give one such as "
            "mine:metric for the function metric in mine.py"
        )
    return name


def check_given(recorded: str, folder: Path) -> None:
    """Refuse to import a function because a run folder alone names it; the user has to name it too.

    Raises:
        ConfigurationError: the recorded metric is no metric of ours.
    """
    if ":" in recorded:
        raise ConfigurationError(
            f"{folder} was ranked by the metric {recorded}, and a run folder alone imports no code: give "
            f"--metric {recorded} again if you trust it (search.metric in Python), or another metric"
        )


def metric_of(name: str) -> Metric:
    """The metric of a name; a function of your own is imported, from the current folder too.

    Raises:
        ConfigurationError: there is none, or its module cannot be imported.
    """
    if ":" not in name:
        return METRICS[name]
    if os.getcwd() not in sys.path:
        sys.path.append(os.getcwd())  # last, so that a file there hides nothing that is installed
    try:
        function = pkgutil.resolve_name(name)
    except Exception as error:
        raise ConfigurationError(
            f"cannot find the metric {name} ({type(error).__name__}: {error}): give package.module:function, "
            "importable from the current folder"
        ) from None
    if not callable(function):
        raise ConfigurationError(f"the metric {name} is {function!r}: give a function of one argument")

    def measure(measured: Measured) -> float:
        try:
            return float(function(measured))
        except Exception as error:
            raise ConfigurationError(
                f"the metric {name} failed ({type(error).__name__}: {error}): it takes a Measured of "
                "hyperprune.search.metrics and returns a number; fix it and run the same command again"
            ) from None

    return plain(measure)
