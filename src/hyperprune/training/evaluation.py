"""A checkpoint's loss on a part of a corpus, from nothing but the checkpoint and the text."""

from pathlib import Path

import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import nn

from hyperprune.corpora import CorpusConfig
from hyperprune.corpora import load as load_corpus
from hyperprune.errors import CheckpointError
from hyperprune.models import ModelConfig, build
from hyperprune.training import checkpoint
from hyperprune.training.language_modelling import LanguageModelling
from hyperprune.training.recipe import Recipe
from hyperprune.training.state import load_weights
from hyperprune.training.task import Part


class EvaluationJob(BaseModel):
    """Which checkpoint to evaluate on what."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    checkpoint: Path = Field(description="The safetensors file.")
    corpus: CorpusConfig
    recipe: Recipe = Field(description="Gives the evaluation batch and the windows.")
    part: Part
    threads: int = Field(1, ge=1, description="Threads of torch.")
    device: str = Field("cpu", description="Such as cpu or cuda:0.")


def evaluate_checkpoint(job: EvaluationJob) -> float:
    """Loss in nats an item; perplexity is its exponential.

    Raises:
        CheckpointError: the checkpoint is damaged or of another vocabulary.
    """
    torch.set_num_threads(job.threads)
    document = checkpoint.read_document(job.checkpoint)
    corpus = load_corpus(job.corpus)
    if tuple(document["vocabulary"]) != corpus.vocabulary.types:
        raise CheckpointError(
            f"{job.checkpoint} was trained on another vocabulary than that of {job.corpus.source}: "
            "give the corpus and the limits it was trained with"
        )
    model = ModelConfig.model_validate(document["model"])
    task = LanguageModelling(corpus, model, job.recipe, job.device)
    return task.evaluate(load_network(job.checkpoint).to(task.device), job.part)


def load_network(path: Path) -> nn.Module:
    """The network of a checkpoint in evaluation mode, with its averaged weights if it has them.

    Raises:
        CheckpointError: it does not exist, is damaged or of an unknown kind.
    """
    whole = checkpoint.load(path)
    model = ModelConfig.model_validate(whole.document["model"])
    network = build(model, len(whole.document["vocabulary"]))
    averaged = any(name.startswith("average.") for name in whole.tensors)
    load_weights(network, whole.tensors, "average." if averaged else "model.")
    return network.eval()
