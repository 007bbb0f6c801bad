"""Language modelling as a run describes it: a text and a network."""

from typing import Any, Self

import torch
from pydantic import Field, ValidationError

from hyperprune.corpora import CorpusConfig, Vocabulary, load_with, unigram_perplexity
from hyperprune.corpora import load as load_corpus
from hyperprune.errors import CheckpointError, ConfigurationError
from hyperprune.models import AnyModel, ModelConfig
from hyperprune.tasks.description import TaskDescription
from hyperprune.tasks.opened import OpenedTask
from hyperprune.tasks.recipe import Recipe
from hyperprune.tasks.score import PERPLEXITY, Score
from hyperprune.tasks.spectrum_config import SpectrumConfig
from hyperprune.tasks.text.language_modelling import LanguageModelling


class TextTask(TaskDescription):
    """A language model on a text."""

    corpus: CorpusConfig
    model: AnyModel
    types: tuple[str, ...] | None = Field(
        None, exclude=True, description="Vocabulary of a network that only reads; None for the text's own."
    )

    @property
    def identity(self) -> dict[str, Any]:
        """Text and network."""
        return self.model_dump(mode="json")

    @property
    def subject(self) -> str:
        """The text."""
        return self.corpus.source

    @property
    def level(self) -> str | None:
        """Words or characters."""
        return self.corpus.level

    @property
    def items(self) -> str:
        """Tokens."""
        return "tokens"

    @property
    def judged_by(self) -> Score:
        """Perplexity."""
        return PERPLEXITY

    @property
    def content(self) -> dict[str, Any]:
        """The text by its hash, wherever it lies, and the network."""
        document = self.model_dump(mode="json")
        document["corpus"].pop("source")
        return document

    @property
    def tables(self) -> dict[str, Any]:
        """``corpus`` and ``model``."""
        return {"corpus": self.corpus, "model": self.model}

    def takes(self, key: str) -> bool:
        """All but the settings of another task."""
        return not key.startswith("task.")

    def open(self, recipe: Recipe, seed: int = 0, device: str = "cpu") -> OpenedTask:
        """The text read, the network known."""
        place = torch.device(device)
        if self.types is not None:
            corpus = load_with(self.corpus, Vocabulary(self.types))
            text = LanguageModelling(corpus, self.model, recipe, device, trains=False)
            return OpenedTask(text, "language modelling", seed, place, 0, text.document)
        text = LanguageModelling(load_corpus(self.corpus), self.model, recipe, device)
        return OpenedTask(text, "language modelling", seed, place, text.steps_per_epoch, text.document)

    def with_facts(
        self, spectrum: SpectrumConfig, seed: int = 0, known: TaskDescription | None = None
    ) -> Self:
        """With the hash of the text."""
        corpus = self.corpus.model_copy(update={"sha256": load_corpus(self.corpus).sha256})
        return self.model_copy(update={"corpus": corpus})

    def naive(self) -> tuple[str, float]:
        """Perplexity of the frequencies of the training part."""
        counted = unigram_perplexity(load_corpus(self.corpus))
        return f"{self.corpus.level} frequencies alone", counted

    def with_dropout(self, rate: float) -> Self:
        """The network with another dropout."""
        if "dropout" not in type(self.model).model_fields:
            raise ConfigurationError(
                f"space.dropout needs a network with a key dropout, which {self.model.kind} does not have: "
                "leave space.dropout out"
            )
        return self.model_copy(update={"model": self.model.model_copy(update={"dropout": rate})})

    def smaller(self, factor: float) -> Self:
        """The network with fewer features and units."""
        return self.model_copy(update={"model": self.model.smaller(factor)})

    def of_checkpoint(self, document: dict[str, Any], where: str) -> Self:
        """The network of the sizes it was written with; its vocabulary must be that of the text."""
        model, types = described(document, where)
        if self.types is None and types != load_corpus(self.corpus).vocabulary.types:
            raise CheckpointError(
                f"{where} was trained on another vocabulary than that of "
                f"{self.corpus.source}: give the corpus and the limits it was trained with"
            )
        return self.model_copy(update={"model": model})

    def named_again(self, given: str | None, where: str) -> Self:
        """A text is no code, so there is nothing to name."""
        if given is not None:
            raise ConfigurationError(f"{where} is a language model: leave --task {given} out")
        return self


def described(document: dict[str, Any], where: str) -> tuple[ModelConfig, tuple[str, ...]]:
    """Sizes and vocabulary of the network that a checkpoint's document describes.

    Raises:
        CheckpointError: it describes none of this version's.
    """
    types = document.get("vocabulary")
    try:
        model = ModelConfig.model_validate(document.get("model"))
    except ValidationError:
        model = None
    if model is None or not isinstance(types, list) or not all(isinstance(name, str) for name in types):
        raise CheckpointError(
            f"{where} is of a network that this version does not know: use the version that wrote it"
        )
    return model, tuple(types)
