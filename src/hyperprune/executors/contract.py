"""What every executor offers, and how a job's function is found."""

import pkgutil
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Protocol

from hyperprune.errors import ConfigurationError

Payload = dict[str, Any]


class Executor(Protocol):
    """Runs jobs. A job is idempotent, so running one twice does no harm."""

    @property
    def workers(self) -> int:
        """How many jobs run at a time; the others wait."""
        ...

    def submit(self, function: str, payload: Payload) -> Future[Any]:
        """Start ``function(payload)`` and give its future; the payload and the result are JSON values."""
        ...

    def cancel(self, future: Future[Any]) -> None:
        """End a job at once, waiting or running; its future then raises ``CancelledError``."""
        ...

    def close(self) -> None:
        """End whatever waits or runs, and give the resources back."""
        ...


def resolve(name: str) -> Callable[..., Any]:
    """The function called ``package.module:function``.

    Raises:
        ConfigurationError: there is no such module or function.
    """
    try:
        function: Callable[..., Any] = pkgutil.resolve_name(name)
    except (ImportError, AttributeError, ValueError) as error:
        raise _not_found(name, str(error)) from None
    if not callable(function):
        raise _not_found(name, f"it is a {type(function).__name__}")
    return function


def _not_found(name: str, why: str) -> ConfigurationError:
    return ConfigurationError(
        f"cannot find {name!r} ({why}): give package.module:function, importable from here"
    )
