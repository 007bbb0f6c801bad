"""Language modelling as a run describes it: a text and a network."""

from typing import Any

from pydantic import BaseModel, ConfigDict

from hyperprune.corpora import CorpusConfig
from hyperprune.models import AnyModel


class TextTask(BaseModel):
    """A language model on a text."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    corpus: CorpusConfig
    model: AnyModel

    @property
    def identity(self) -> dict[str, Any]:
        """What decides the network after an epoch."""
        return self.model_dump(mode="json")
