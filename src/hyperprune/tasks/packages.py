"""The packages that bring the data, loaded when a task is made."""

import importlib
from typing import Any

from hyperprune.errors import ConfigurationError


def package(name: str, task: str) -> Any:
    """An optional module.

    Args:
        name: what is imported, such as ``sklearn.datasets``.
        task: which task needs it, for the error.

    Raises:
        ConfigurationError: it is not installed.
    """
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise ConfigurationError(
            f"the task {task} needs {name.partition('.')[0]} ({error}): pip install 'hyperprune[tasks]'"
        ) from None
