"""Next-token prediction, trained by truncated backpropagation with the hidden state carried along."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from hyperprune.corpora import Corpus, columns, windows
from hyperprune.errors import CorpusError
from hyperprune.models import ModelConfig, build
from hyperprune.training.recipe import Recipe
from hyperprune.training.score import PERPLEXITY
from hyperprune.training.task import Epoch, Part

_PART_NAMES = {"train": "the training part", "valid": "the validation part", "test": "the test part"}


class LanguageModelling:
    """A language model on one corpus.

    Args:
        corpus: the text.
        model: kind and sizes of the network.
        recipe: gives the batches and the windows.
        device: where the text and the network live.
    """

    score = PERPLEXITY

    def __init__(self, corpus: Corpus, model: ModelConfig, recipe: Recipe, device: str = "cpu") -> None:
        self.corpus = corpus
        self.model = model
        self.recipe = recipe
        self.device = torch.device(device)
        self._columns: dict[tuple[str, int], Tensor] = {}
        self._text("train", recipe.batch)
        for part in ("valid", "test"):
            self._text(part, recipe.evaluation_batch)

    @property
    def steps_per_epoch(self) -> int:
        """Windows in the training text."""
        return -(-(len(self._text("train", self.recipe.batch)) - 1) // self.recipe.bptt)

    @property
    def document(self) -> dict[str, object]:
        """Sizes of the network and the vocabulary."""
        return {
            "task": "language-modelling",
            "model": self.model.model_dump(),
            "vocabulary": list(self.corpus.vocabulary.types),
        }

    def network(self) -> nn.Module:
        """A fresh network on the task's device."""
        return build(self.model, len(self.corpus.vocabulary)).to(self.device)

    def losses(self, network: nn.Module, epoch: Epoch) -> Iterator[tuple[Tensor, int]]:
        """Cross entropy of each window of the training text, in nats a token."""
        state = None
        for inputs, targets in windows(self._text("train", self.recipe.batch), self.recipe.bptt):
            logits, state = network(inputs, state)
            state = _detached(state)
            yield cross_entropy(logits.flatten(0, 1), targets.flatten()), targets.numel()

    def evaluate(self, network: nn.Module, part: Part) -> float:
        """Mean cross entropy of a part in nats a token; perplexity is its exponential."""
        return mean_loss(network, self._text(part, self.recipe.evaluation_batch), self.recipe.bptt)

    def spectrum_inputs(self, batch: int, steps: int) -> Tensor:
        """The first tokens of ``batch`` contiguous columns of the validation part, ``(steps, batch)``.

        Raises:
            CorpusError: the columns are shorter than that.
        """
        text = self._text("valid", batch)
        if len(text) < steps:
            raise CorpusError(
                f"the spectrum needs {steps} tokens in each of {batch} columns of the validation part, "
                f"which has {len(text)}: lower [spectrum] batch, warmup or steps, or give more text"
            )
        return text[:steps]

    def _text(self, part: str, batch: int) -> Tensor:
        key = (part, batch)
        if key not in self._columns:
            row = self.corpus.part(part)
            self._columns[key] = columns(row, batch, part=_PART_NAMES[part]).to(self.device)
        return self._columns[key]


@torch.no_grad()
def mean_loss(network: nn.Module, text: Tensor, bptt: int) -> float:
    """Mean cross entropy of a text ``(time, batch)`` in nats a token, the hidden state carried along."""
    state, total, count = None, 0.0, 0
    for inputs, targets in windows(text, bptt):
        logits, state = network(inputs, state)
        total += float(cross_entropy(logits.flatten(0, 1), targets.flatten(), reduction="sum"))
        count += targets.numel()
    return total / count


def _detached(state: Any) -> Any:
    """The carried state without its graph, whatever nest of tuples the network uses."""
    if isinstance(state, Tensor):
        return state.detach()
    return tuple(_detached(part) for part in state)
