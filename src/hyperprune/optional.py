"""Packages that only some need: imported when they are used, and a missing one names what installs it."""

import importlib
from typing import Any

from hyperprune.errors import ConfigurationError


def try_import(module: str, *, extra: str, needed_by: str, instead: str = "") -> Any:
    """A module of an optional package.

    Args:
        module: what is imported, such as ``sklearn.datasets``.
        extra: the extra of hyperprune that installs it.
        needed_by: who needs it, such as ``the task digits``.
        instead: a further remedy, such as ``take tpe or random``.

    Raises:
        ConfigurationError: it is not installed, or cannot be imported here; says why.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        package = module.partition(".")[0]
        raise ConfigurationError(
            f"{needed_by} needs {package} ({error}): pip install 'hyperprune[{extra}]'"
            + (f", or {instead}" if instead else "")
        ) from None
