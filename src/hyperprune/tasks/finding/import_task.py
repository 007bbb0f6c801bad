"""Finding a task by name, and making it: the only place where code of the user's own is imported.

A task is code. It runs where its user named it: on the command line, in a configuration file that was
given, or in Python. A run folder or a checkpoint names its task too, but that name alone imports nothing.
"""

import functools
import importlib
import json
import re
from pathlib import PurePath
from typing import Any

from hyperprune.errors import ConfigurationError
from hyperprune.tasks.finding.fingerprint import attributes_hash
from hyperprune.tasks.task import TaskLike

METHODS = ("network", "losses", "evaluate", "spectrum_inputs")
_DOCS = "docs/own-task.md shows one"
_MADE = ".made"  # in the name of an object that was handed over: only this process knows it
_OBJECT = re.compile(r"\.made(-\d+)?(?P<attributes>\.[0-9a-f]{12})?$")
_given: dict[str, Any] = {}  # objects that this process was handed, by name
_CACHED = 4
_tasks: dict[str, tuple[Any, TaskLike]] = {}  # those made last, with what made them


def hand_over(task: Any) -> tuple[str, dict[str, Any]]:
    """The name by which an object, a class or a function is found again, and the settings that it carries.

    A ``functools.partial`` with keyword arguments alone stands for its function with these settings.
    """
    if isinstance(task, functools.partial) and not task.args and hasattr(task.func, "__qualname__"):
        name, _ = hand_over(task.func)
        return name, dict(task.keywords)
    owner = task if isinstance(task, type) or hasattr(task, "__qualname__") else type(task)
    name = f"{owner.__module__}:{owner.__qualname__}"
    if owner is not task:
        name = _name_of_object(name, task)
    _given[name] = task
    return name, {}


def _name_of_object(of_class: str, task: Any) -> str:
    """A name that differs where the objects of a class do: by their attributes, else by their order."""
    attributes = attributes_hash(task)
    if attributes is not None:
        return f"{of_class}{_MADE}.{attributes[:12]}"
    name, number = f"{of_class}{_MADE}", 1
    while _given.get(name, task) is not task:
        number += 1
        name = f"{of_class}{_MADE}-{number}"
    return name


def module_of_file(name: str) -> str:
    """``folder/spot_task.py:Spot`` as ``folder.spot_task:Spot``; any other name as it is.

    Raises:
        ConfigurationError: the file is not below the current folder, where modules are found.
    """
    file, colon, attribute = name.rpartition(":")
    if not (colon and file.endswith(".py")):
        return name
    parts = PurePath(file).with_suffix("").parts
    if not all(part.isidentifier() for part in parts):
        raise ConfigurationError(
            f"{file} is not a file that Python could import from the current folder: start in the folder "
            f"that holds it, and give {PurePath(file).stem}:{attribute}"
        )
    return f"{'.'.join(parts)}:{attribute}"


def is_made(name: str) -> bool:
    """Whether a name is that of an object that was handed over: no other process can make it."""
    return _OBJECT.search(name) is not None


def is_distinct(name: str) -> bool:
    """Whether equal names are equal tasks: not of an object whose attributes cannot be read as data."""
    found = _OBJECT.search(name)
    return found is None or found["attributes"] is not None


def is_given(name: str) -> bool:
    """Whether this process was handed the task of that name."""
    return name in _given


def make(name: str, settings: dict[str, Any]) -> TaskLike:
    """The task itself; this imports and runs its code.

    Raises:
        ConfigurationError: it cannot be found, does not take the settings, or lacks a method.
    """
    found = _found(name)
    if isinstance(found, type) or not hasattr(found, "losses"):
        if not callable(found):
            raise ConfigurationError(
                f"{name} is of type {type(found).__name__}, no task: give a class, a function "
                f"that returns a task, or an object with the methods {', '.join(METHODS)}; {_DOCS}"
            )
        return _made_once(name, settings, found)
    if settings:
        raise ConfigurationError(
            f"{name} is an object made already, so it takes no [task.settings], got "
            f"{', '.join(settings)}: name its class instead, or leave them out"
        )
    return _checked(name, found)


def _made_once(name: str, settings: dict[str, Any], factory: Any) -> TaskLike:
    """A task is built once for a process: its data may take long to read."""
    key = f"{name} {json.dumps(settings, sort_keys=True, default=repr)}"
    by, task = _tasks.pop(key, (None, None))
    if by is not factory or task is None:
        task = _checked(name, _called(name, settings, factory))
    _tasks[key] = (factory, task)
    while len(_tasks) > _CACHED:
        _tasks.pop(next(iter(_tasks)))
    return task


def _checked(name: str, found: Any) -> TaskLike:
    missing = [method for method in METHODS if not callable(getattr(found, method, None))]
    if missing:
        raise ConfigurationError(
            f"{name} must have the methods {', '.join(METHODS)}, it lacks "
            f"{', '.join(missing)}: add what is missing; {_DOCS}"
        )
    task: TaskLike = found
    return task


def _found(name: str) -> Any:
    if name in _given:
        return _given[name]
    module, _, attribute = name.partition(":")
    if module == "__main__" or is_made(name):
        raise ConfigurationError(
            f"the task {name} lives in the process that made it, another one cannot find it: put its class "
            "into a module and give that, with settings, or use one worker"
        )
    try:
        found: Any = importlib.import_module(module)
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            f"cannot import {module} of the task {name}: there is no module {error.name!r}; install it, or "
            "start in the folder that holds it"
        ) from None
    except Exception as error:
        raise ConfigurationError(
            f"cannot import {module} of the task {name}: {type(error).__name__}: {error}; fix it there"
        ) from error
    for part in attribute.split("."):
        if not hasattr(found, part):
            raise ConfigurationError(
                f"{module} has no {part!r}, so there is no task {name}: give the name of a class, function "
                "or object in it"
            )
        found = getattr(found, part)
    return found


def _called(name: str, settings: dict[str, Any], factory: Any) -> Any:
    try:
        return factory(**settings)
    except TypeError as error:
        raise ConfigurationError(
            f"{name} does not take the settings {settings}: {error}; see [task.settings]"
        ) from error
