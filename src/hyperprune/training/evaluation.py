"""A checkpoint's loss on a part of its data, from nothing but the checkpoint and the data."""

import math
from pathlib import Path
from typing import Any

import torch
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from torch import Tensor, nn

from hyperprune.corpora import UNKNOWN, Corpus, CorpusConfig, Vocabulary, columns, load_with
from hyperprune.corpora import load as load_corpus
from hyperprune.errors import CheckpointError
from hyperprune.models import ModelConfig, build
from hyperprune.training import checkpoint
from hyperprune.training.language_modelling import mean_loss
from hyperprune.training.opening import OWN, TaskDescription, open_task
from hyperprune.training.own_task import OwnTask, make, recorded
from hyperprune.training.recipe import Recipe
from hyperprune.training.score import PERPLEXITY
from hyperprune.training.state import load_weights
from hyperprune.training.task import Part
from hyperprune.training.text_task import TextTask

_MOSTLY = 0.5  # a share of unknown tokens that no text of the same kind has


class EvaluationJob(BaseModel):
    """Which checkpoint to evaluate on what."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    checkpoint: Path = Field(description="The safetensors file.")
    task: TaskDescription
    recipe: Recipe = Field(description="Gives language modelling its evaluation batch and its windows.")
    part: Part
    threads: int = Field(1, ge=1, description="Threads of torch.")
    device: str = Field("cpu", description="Such as cpu or cuda:0.")


def evaluate_checkpoint(job: EvaluationJob) -> float:
    """Loss of a checkpoint, smaller is better; the task's score is :meth:`Score.shown` of it.

    Raises:
        CheckpointError: the checkpoint is damaged or of another vocabulary.
    """
    torch.set_num_threads(job.threads)
    description = job.task
    whole = checkpoint.load(job.checkpoint)
    if isinstance(description, TextTask):
        if tuple(whole.document["vocabulary"]) != load_corpus(description.corpus).vocabulary.types:
            raise CheckpointError(
                f"{job.checkpoint} was trained on another vocabulary than that of "
                f"{description.corpus.source}: give the corpus and the limits it was trained with"
            )
        model = ModelConfig.model_validate(whole.document["model"])
        description = description.model_copy(update={"model": model})
    task = open_task(description, job.recipe, device=job.device)
    return task.evaluate(filled(task.network(), whole), job.part)


def evaluate_text(network: nn.Module, row: Tensor, recipe: Recipe, name: str = "the test part") -> float:
    """Loss of a network on a row of token numbers, in the recipe's columns and windows, nats an item.

    Raises:
        CorpusError: the row is too short.
    """
    device = next(network.parameters()).device
    return mean_loss(network, columns(row, recipe.evaluation_batch, part=name).to(device), recipe.bptt)


class Evaluation(BaseModel):
    """A network's measure on a text."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    part: str = Field(description="train, valid or test.")
    loss: float = Field(description="Mean cross entropy, nats a token.")
    perplexity: float = Field(description="Its exponential.")
    bits: float = Field(description="The loss in bits a token; bits per character at character level.")
    tokens: int = Field(description="Tokens of the part.")
    unknown_rate: float = Field(description="Share of them that are <unk> to the network.")


def evaluate(
    weights: Path, corpus: CorpusConfig, recipe: Recipe, part: str, device: str = "cpu"
) -> Evaluation:
    """A checkpoint on a part of any text, read with the vocabulary that the network was trained with.

    Raises:
        CheckpointError: it is damaged, or the text is of another vocabulary.
        CorpusError: the text cannot be read or is too short.
    """
    text = text_for(weights, corpus)
    row = text.part(part)
    unknown = text.vocabulary.numbers.get(UNKNOWN, -1)
    rate = float((row == unknown).double().mean()) if len(row) else 0.0
    if rate > _MOSTLY:
        raise CheckpointError(
            f"{weights} was trained on another vocabulary: {rate:.0%} of the tokens of {corpus.source} are "
            "unknown to it; give a text like the one it was trained on, at the same --level"
        )
    name = f"the {part} part of {corpus.source}"
    loss = evaluate_text(load_network(weights).to(device), row, recipe, name)
    return Evaluation(
        part=part,
        loss=loss,
        perplexity=PERPLEXITY.shown(loss),
        bits=loss / math.log(2),
        tokens=len(row),
        unknown_rate=rate,
    )


def text_for(weights: Path, corpus: CorpusConfig) -> Corpus:
    """A text as the network of a checkpoint sees it.

    Raises:
        CheckpointError: the checkpoint is damaged or missing.
        CorpusError: the text cannot be read, or is not the one whose hash ``corpus`` names.
    """
    if corpus.sha256 is not None:
        load_corpus(corpus)  # the run's own text: refuse one that has changed since
    return load_with(corpus, _described(weights, checkpoint.read_document(weights))[1])


def load_network(path: Path, task: str | None = None) -> nn.Module:
    """The network of a checkpoint in evaluation mode, with its averaged weights if it has them.

    Args:
        path: the safetensors file.
        task: for a network of a task of your own, its name again: a file alone imports no code.

    Raises:
        CheckpointError: it does not exist, is damaged or of an unknown kind.
        ConfigurationError: it is of a task that was not named, or that cannot be found.
    """
    whole = checkpoint.load(path)
    if whole.document.get("task") == OWN:
        return filled(make(recorded_task(whole.document, task, path)).network(), whole)
    model, vocabulary = _described(path, whole.document)
    return filled(build(model, len(vocabulary)), whole)


def recorded_task(document: dict[str, Any], given: str | None, path: Path) -> OwnTask:
    """The task that a checkpoint's document names, if it was named by the user too."""
    return recorded({key: document.get(key) for key in ("object", "settings")}, given, str(path))


def filled(network: nn.Module, whole: checkpoint.Checkpoint) -> nn.Module:
    """A network with the weights of a checkpoint, the averaged ones if it has them; in evaluation mode."""
    averaged = any(name.startswith("average.") for name in whole.tensors)
    load_weights(network, whole.tensors, "average." if averaged else "model.")
    return network.eval()


def _described(path: Path, document: dict[str, Any]) -> tuple[ModelConfig, Vocabulary]:
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
            f"{path} is of a network that this version does not know: use the version that wrote it"
        )
    return model, Vocabulary(tuple(types))
