"""A task of the user's own, as a run describes it: the name of its code, and its settings."""

from typing import Any, Self

import torch
from pydantic import Field, field_validator

from hyperprune.config.decisive import FACT
from hyperprune.errors import ConfigurationError
from hyperprune.tasks.description import TaskDescription
from hyperprune.tasks.finding import import_task
from hyperprune.tasks.finding.fingerprint import data_hash, training_hash
from hyperprune.tasks.finding.import_task import hand_over, is_distinct, is_given, module_of_file
from hyperprune.tasks.opened import OpenedTask, counted_steps, score_of
from hyperprune.tasks.recipe import TEXT_KEYS, Recipe
from hyperprune.tasks.score import Score
from hyperprune.tasks.spectrum_config import SpectrumConfig
from hyperprune.tasks.task import TaskLike

OWN = "own"

FACTS = {"score", "steps_per_epoch", "data_sha256", "training_sha256"}

SHIPPED = {
    "digits": "hyperprune.tasks.digits:Digits",
    "co2": "hyperprune.tasks.co2:CarbonDioxide",
}


class OwnTask(TaskDescription):
    """A task of your own: its network, its data and its loss, in place of [corpus] and [model]."""

    object: str = Field(
        description="package.module:object, a class, function or object; or the name of an included task."
    )
    settings: dict[str, Any] = Field({}, description="Keyword arguments of the class or function.")
    score: Score | None = Field(
        None, description="What its score is called; filled in when a run starts, checked on resume."
    )
    steps_per_epoch: int | None = Field(None, ge=1, description="Filled in likewise.")
    data_sha256: str | None = Field(
        None,
        description="Hash of the inputs of the spectrum; filled in likewise, so that other data is refused.",
    )
    training_sha256: str | None = Field(
        None,
        description="Hash of the training and validation data: of everything that data() gives, "
        "otherwise of what the network sees first; filled in likewise.",
        json_schema_extra=FACT,
    )

    @field_validator("object")
    @classmethod
    def _named_in_full(cls, name: str) -> str:
        name = module_of_file(SHIPPED.get(name, name))
        module, colon, attribute = name.partition(":")
        if not (module and colon and attribute):
            raise ConfigurationError(
                f"a task is named package.module:object, got {name!r}: give that, or one of "
                f"{', '.join(SHIPPED)}"
            )
        return name

    @property
    def identity(self) -> dict[str, Any]:
        """Name and settings."""
        return {"task": self.object, "settings": self.settings}

    @property
    def distinct(self) -> bool:
        """Not of an object whose attributes cannot be read."""
        return is_distinct(self.object)

    @property
    def subject(self) -> str:
        """Its name."""
        return self.object

    @property
    def code(self) -> str | None:
        """Its name."""
        return self.object

    @property
    def items(self) -> str:
        """Whatever the task counts."""
        return "items"

    @property
    def judged_by(self) -> Score:
        """What a run was told when it began."""
        return self.score or Score()

    @property
    def content(self) -> dict[str, Any]:
        """Its name, its settings and the hash of its data."""
        return {"task": self.model_dump(mode="json")}

    @property
    def tables(self) -> dict[str, Any]:
        """``task``."""
        return {"task": self}

    def takes(self, key: str) -> bool:
        """All but what a text alone has."""
        table, _, name = key.partition(".")
        return table not in ("corpus", "model") and (table != "recipe" or name not in TEXT_KEYS)

    def open(self, recipe: Recipe, seed: int = 0, device: str = "cpu") -> OpenedTask:
        """The task imported and made."""
        task, place = make_task(self), torch.device(device)
        steps = self.steps_per_epoch or counted_steps(task, task.network().to(place), seed)
        document = {"task": OWN, "object": self.object, "settings": self.settings}
        return OpenedTask(task, self.object, seed, place, steps, document)

    def with_facts(
        self, spectrum: SpectrumConfig, seed: int = 0, known: TaskDescription | None = None
    ) -> Self:
        """With its score, its steps and the hash of its data."""
        task = make_task(self)
        inputs = task.spectrum_inputs(spectrum.batch, spectrum.warmup + spectrum.steps)
        steps = self.steps_per_epoch
        if steps is None and isinstance(known, OwnTask) and known.identity == self.identity:
            steps = known.steps_per_epoch
        if steps is None or getattr(task, "steps_per_epoch", None) is not None:
            steps = counted_steps(task, task.network(), seed)
        facts = {
            "score": score_of(task),
            "steps_per_epoch": steps,
            "data_sha256": data_hash(inputs),
            "training_sha256": training_hash(task, seed),
        }
        for name, fact in facts.items():
            known = getattr(self, name)
            if known not in (None, fact):
                raise ConfigurationError(
                    f"the task {self.object} is not what this run was started with ({name} is {fact!r} "
                    "now): restore its code and data, or start a new run"
                )
        return self.model_copy(update=facts)

    def naive(self) -> tuple[str, float] | None:
        """What the task offers, under this name or an older one."""
        task = make_task(self)
        offered = getattr(task, "naive", getattr(task, "baseline", None))
        if offered is None:
            return None
        name, number = offered()
        return str(name), float(number)

    def with_dropout(self, rate: float) -> Self:
        """Only the task itself knows its network."""
        raise ConfigurationError(
            f"space.dropout needs a network with a key dropout, which {self.object} does not have: leave "
            "space.dropout out"
        )

    def smaller(self, factor: float) -> Self | None:
        """With the settings that the task gives for it."""
        offered = getattr(make_task(self), "smaller", None)
        if offered is None:
            return None
        settings = offered(factor)
        if not isinstance(settings, dict):
            raise ConfigurationError(
                f"smaller() of {self.object} must return settings of the task as a dictionary, it "
                f"returned a {type(settings).__name__}: return for example {{'hidden': 16}}"
            )
        return self.model_copy(update={"settings": {**self.settings, **settings}})

    def of_checkpoint(self, document: dict[str, Any], where: str) -> Self:
        """With the settings that the network was written with, where it is the same task."""
        if document.get("object") != self.object or not isinstance(document.get("settings"), dict):
            return self
        return self.model_copy(update={"settings": document["settings"]})

    def named_again(self, given: str | None, where: str) -> Self:
        """A shipped task, one that this process was handed, or the one that the user names."""
        allowed = recorded(self.model_dump(), given, where)
        return self.model_copy(update={"object": allowed.object})


def named(task: Any, settings: dict[str, Any] | None = None) -> OwnTask:
    """The description of a task that is given in Python: an object, a class or a function, or a name."""
    if isinstance(task, str):
        return OwnTask(object=task, settings=settings or {})
    name, carried = hand_over(task)
    return OwnTask(object=name, settings={**carried, **(settings or {})})


def make_task(description: OwnTask) -> TaskLike:
    """The task itself; this imports and runs its code.

    Raises:
        ConfigurationError: it cannot be found, does not take the settings, or lacks a method.
    """
    return import_task.make(description.object, description.settings)


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
    if given is None and name not in SHIPPED.values() and not is_given(name):
        raise ConfigurationError(
            f"{where} is of the task {name}, which is code, and a file does not make hyperprune import code: "
            f"give --task {name.replace('__main__', 'MODULE')} if you trust it"
        )
    return OwnTask(object=given or name, settings=document.get("settings") or {})
