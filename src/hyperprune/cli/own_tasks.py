"""What commands do with a task of the user's own."""

import os
import sys
import tomllib
from typing import TYPE_CHECKING, Any

from hyperprune.cli.keys import option_of
from hyperprune.errors import ConfigurationError

if TYPE_CHECKING:
    from hyperprune.tasks import AnyTask


def importable() -> None:
    """Let a task be found in the current folder, after everything that is installed."""
    if os.getcwd() not in sys.path:
        sys.path.append(os.getcwd())


def named(task: str | None, settings: list[str] | None) -> dict[str, Any]:
    """``--task`` and ``--setting NAME=VALUE`` as values of a configuration.

    Raises:
        ConfigurationError: a setting that is none.
    """
    importable()
    values: dict[str, Any] = {} if task is None else {"task.object": task}
    for given in settings or []:
        name, sign, text = given.partition("=")
        if not sign or not name.isidentifier():
            raise ConfigurationError(f"a setting is NAME=VALUE, got {given!r}: give one such as hidden=64")
        values[f"task.settings.{name}"] = _value(text)
    return values


def refuse_unfit(task: "AnyTask", values: dict[str, Any]) -> None:
    """Refuse options that say nothing about a task, given by the key they stand for.

    Raises:
        ConfigurationError: one of them was given.
    """
    for key, value in values.items():
        if value is not None and not task.takes(key):
            option = option_of(key).replace("_", "-")
            raise ConfigurationError(
                f"--{option} belongs to language modelling, and this network is of the task {task.subject}: "
                "leave it out"
            )


def _value(text: str) -> Any:
    """A number, a truth value or a list as TOML writes it; anything else is a text."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
