"""A task of the user's own: how it is named, how it is found, and when its code may run.

A task is code. It runs where its user named it: on the command line, in a configuration file that was
given, or in Python. A run folder or a checkpoint names its task too, but that name alone imports nothing:
:func:`recorded` asks for the task to be given again.
"""

import importlib
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_validator

from hyperprune.errors import ConfigurationError
from hyperprune.training.score import Score
from hyperprune.training.task import Task

FACTS = {"score", "steps_per_epoch", "data_sha256"}
METHODS = ("network", "losses", "evaluate", "spectrum_inputs")
_DOCS = "docs/own-task.md shows one"
_MADE = ".made"  # ends the name of an object that was handed over: only this process knows it
_given: dict[str, Any] = {}  # objects that this process was handed, by name


class OwnTask(BaseModel):
    """A task of your own: its network, its data and its loss, in place of [corpus] and [model]."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    object: str = Field(
        description="package.module:object, a class, function or object; or the name of one that is shipped."
    )
    settings: dict[str, Any] = Field({}, description="Keyword arguments of the class or function.")
    score: Score | None = Field(
        None, description="What its number is called; filled in when a run starts, checked on resume."
    )
    steps_per_epoch: int | None = Field(None, ge=1, description="Filled in likewise.")
    data_sha256: str | None = Field(
        None,
        description="Hash of what drives the spectrum; filled in likewise, so that other data is refused.",
    )

    @field_validator("object")
    @classmethod
    def _named_in_full(cls, name: str) -> str:
        name = SHIPPED.get(name, name)
        module, colon, attribute = name.partition(":")
        if not (module and colon and attribute):
            raise ConfigurationError(
                f"a task is named package.module:object, got {name!r}: give that, or one of "
                f"{', '.join(SHIPPED)}"
            )
        return name

    @property
    def identity(self) -> dict[str, Any]:
        """What decides the network after an epoch."""
        return {"task": self.object, "settings": self.settings}


SHIPPED = {
    "digits": "hyperprune.tasks.digits:Digits",
    "co2": "hyperprune.tasks.co2:CarbonDioxide",
}


def named(task: Any, settings: dict[str, Any] | None = None) -> OwnTask:
    """The description of a task that is given in Python: an object, a class or a function, or a name.

    Raises:
        ConfigurationError: it has no name by which it could be found again.
    """
    if isinstance(task, str):
        return OwnTask(object=task, settings=settings or {})
    owner = task if isinstance(task, type) or hasattr(task, "__qualname__") else type(task)
    name = f"{owner.__module__}:{owner.__qualname__}"
    if owner is not task:
        name = f"{name}{_MADE}"
    _given[name] = task
    return OwnTask(object=name, settings=settings or {})


def make(description: OwnTask) -> Task:
    """The task itself; this imports and runs its code.

    Raises:
        ConfigurationError: it cannot be found, does not take the settings, or lacks a method.
    """
    found = _found(description.object)
    if isinstance(found, type) or not hasattr(found, "losses"):
        if not callable(found):
            raise ConfigurationError(
                f"{description.object} is of type {type(found).__name__}, no task: give a class, a function "
                f"that returns a task, or an object with the methods {', '.join(METHODS)}; {_DOCS}"
            )
        found = _called(description, found)
    elif description.settings:
        raise ConfigurationError(
            f"{description.object} is an object made already, so it takes no [task.settings], got "
            f"{', '.join(description.settings)}: name its class instead, or leave them out"
        )
    missing = [name for name in METHODS if not callable(getattr(found, name, None))]
    if missing:
        raise ConfigurationError(
            f"{description.object} must have the methods {', '.join(METHODS)}, it lacks "
            f"{', '.join(missing)}: add what is missing; {_DOCS}"
        )
    task: Task = found
    return task


def recorded(document: dict[str, Any], given: str | None, where: str) -> OwnTask:
    """The task that a run folder or a checkpoint names, if the user has named it too.

    Args:
        document: ``object`` and ``settings`` as recorded.
        given: what the user named in this call; a task that has moved may have another name now.
        where: the file, for the error.

    Raises:
        ConfigurationError: the user has not named a task, and this is none of ours.
    """
    name = str(document.get("object"))
    if given is None and name not in SHIPPED.values() and name not in _given:
        raise ConfigurationError(
            f"{where} is of the task {name}, which is code, and a file does not make hyperprune import code: "
            f"give --task {name.replace('__main__', 'MODULE')} if you trust it"
        )
    return OwnTask.model_validate({**document, "object": given or name})


def _found(name: str) -> Any:
    if name in _given:
        return _given[name]
    module, _, attribute = name.partition(":")
    if module == "__main__" or name.endswith(_MADE):
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
            f"cannot import {module} of the task {name}: {type(error).__name__}: {error}; mend it there"
        ) from error
    for part in attribute.split("."):
        if not hasattr(found, part):
            raise ConfigurationError(
                f"{module} has no {part!r}, so there is no task {name}: give the name of a class, function "
                "or object in it"
            )
        found = getattr(found, part)
    return found


def _called(description: OwnTask, factory: Any) -> Any:
    try:
        return factory(**description.settings)
    except TypeError as error:
        raise ConfigurationError(
            f"{description.object} does not take the settings {description.settings}: {error}; see "
            "[task.settings]"
        ) from error
