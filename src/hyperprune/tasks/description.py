"""How a run describes its task: plain data, from which the task is opened wherever a job runs.

Every kind of task answers the same questions, so nothing outside this package asks which kind it is.
"""

from abc import abstractmethod
from typing import Any, Self

from pydantic import BaseModel, ConfigDict

from hyperprune.tasks.opened import OpenedTask
from hyperprune.tasks.recipe import Recipe
from hyperprune.tasks.score import Score
from hyperprune.tasks.spectrum_config import SpectrumConfig


class TaskDescription(BaseModel):
    """What is trained, as a configuration and a job hold it."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @property
    @abstractmethod
    def identity(self) -> dict[str, Any]:
        """What decides the network after an epoch, as JSON."""

    @property
    def distinct(self) -> bool:
        """Whether equal identities are equal tasks, so that a folder may be named by them."""
        return True

    @property
    @abstractmethod
    def subject(self) -> str:
        """What it is called in headings: a text's name, or that of a task."""

    @property
    def level(self) -> str | None:
        """How a text is read, such as ``word``; None for what is no text."""
        return None

    @property
    def code(self) -> str | None:
        """The name of the user's code that it needs; None where there is none."""
        return None

    @property
    @abstractmethod
    def items(self) -> str:
        """What a loss is the mean of, such as ``tokens``."""

    @property
    @abstractmethod
    def judged_by(self) -> Score:
        """What its number is called; known without opening the task."""

    @property
    @abstractmethod
    def content(self) -> dict[str, Any]:
        """What has to be equal in two runs so that their scores can be compared, by table."""

    @property
    @abstractmethod
    def tables(self) -> dict[str, Any]:
        """The tables of a configuration that this description stands in."""

    @abstractmethod
    def takes(self, key: str) -> bool:
        """Whether a key of a configuration, such as ``recipe.bptt``, says something about this task."""

    @abstractmethod
    def open(self, recipe: Recipe, seed: int = 0, device: str = "cpu") -> OpenedTask:
        """The task ready for training; that of a user's own is imported and run.

        Raises:
            CorpusError: the text cannot be read or is too short.
            ConfigurationError: it cannot be found, or is no task.
        """

    @abstractmethod
    def with_facts(
        self, spectrum: SpectrumConfig, seed: int = 0, known: "TaskDescription | None" = None
    ) -> Self:
        """This description with the facts that a run keeps, so that it is never resumed with other data.

        Args:
            spectrum: the conventions, of which sequences and steps decide inputs.
            seed: root seed.
            known: what the run noted when it began; what would take long is not found out again.

        Raises:
            CorpusError: the text cannot be read, or is not the one whose hash is known.
            ConfigurationError: the task cannot be found, or is not the one whose facts are known.
        """

    @abstractmethod
    def naive(self) -> tuple[str, float] | None:
        """What is reached without a network: a few words, and the score on the validation part.

        Raises:
            CorpusError: the text cannot be read.
            ConfigurationError: the task cannot be found.
        """

    @abstractmethod
    def with_dropout(self, rate: float) -> Self:
        """The task whose network drops out with another probability.

        Raises:
            ConfigurationError: the network has no such setting.
        """

    @abstractmethod
    def smaller(self, factor: float) -> Self | None:
        """The task with a network ``factor`` times as wide; None where it does not offer that."""

    @abstractmethod
    def of_checkpoint(self, document: dict[str, Any], where: str) -> Self:
        """The task for a network that is only measured, as a checkpoint's document describes it.

        Raises:
            CheckpointError: it is of a network that this version does not know, or of other data.
        """

    @abstractmethod
    def named_again(self, given: str | None, where: str) -> Self:
        """The task of a record, if its user allows the code that it names to run.

        Args:
            given: the task that the user named in this call; None if none was.
            where: the record, for the error.

        Raises:
            ConfigurationError: it is code that the user has not named.
        """
