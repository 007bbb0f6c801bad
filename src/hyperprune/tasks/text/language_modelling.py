"""Next-token prediction, trained by truncated backpropagation with the hidden state carried along."""

import math
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from hyperprune.corpora import UNKNOWN, Corpus, columns, windows
from hyperprune.errors import CheckpointError, ConfigurationError, CorpusError
from hyperprune.models import GivesLoss, ModelConfig, Reads, build
from hyperprune.seeding import generator
from hyperprune.tasks.batch import Batch
from hyperprune.tasks.items import Items
from hyperprune.tasks.meter import Meter
from hyperprune.tasks.recipe import Recipe
from hyperprune.tasks.score import PERPLEXITY
from hyperprune.tasks.task import Epoch, Part
from hyperprune.tasks.text.language_batches import batches
from hyperprune.tasks.text.window_lengths import windows_expected

LANGUAGE_MODELLING = "language-modelling"
_MOSTLY = 0.5  # a share of unknown tokens that no text of the same kind has
_PART_NAMES = {"train": "the training part", "valid": "the validation part", "test": "the test part"}


class LanguageModelling:
    """A language model on one corpus.

    Args:
        corpus: the text.
        model: kind and sizes of the network.
        recipe: gives the batches and the windows.
        device: where the text and the network live.
        trains: whether all parts must be long enough now; else each is read when it is asked for.
    """

    score = PERPLEXITY

    def __init__(
        self, corpus: Corpus, model: ModelConfig, recipe: Recipe, device: str = "cpu", *, trains: bool = True
    ) -> None:
        self.corpus = corpus
        self.model = model
        self.recipe = recipe
        self.device = torch.device(device)
        self._columns: dict[tuple[str, int], Tensor] = {}
        if not trains:
            return
        self._text("train", recipe.batch)
        for part in ("valid", "test"):
            self._text(part, recipe.evaluation_batch)

    @property
    def steps_per_epoch(self) -> int:
        """Windows in the training text; of random length, as many as are to be expected."""
        steps = len(self._text("train", self.recipe.batch)) - 1
        return windows_expected(steps, self.recipe.bptt, random=self.recipe.random_bptt)

    @property
    def document(self) -> dict[str, object]:
        """Sizes of the network and the vocabulary."""
        return {
            "task": LANGUAGE_MODELLING,
            "model": self.model.model_dump(),
            "vocabulary": list(self.corpus.vocabulary.types),
        }

    def network(self) -> nn.Module:
        """A fresh network on the task's device.

        Raises:
            ConfigurationError: the recipe penalises activations that it does not show.
        """
        network = build(self.model, len(self.corpus.vocabulary)).to(self.device)
        if (self.recipe.ar or self.recipe.tar) and not isinstance(network, Reads):
            raise ConfigurationError(
                f"ar and tar penalise the last layer, which {self.model.kind} does not show, got "
                f"{self.recipe.ar} and {self.recipe.tar}: set both to 0"
            )
        return network

    def losses(self, network: nn.Module, epoch: Epoch) -> Iterator[Batch]:
        """Cross entropy of each window of the training text, in nats a token."""
        drawn = generator(epoch.seed, "windows", epoch.number)
        text = self._text("train", self.recipe.batch)
        return batches(network, text, self.recipe, drawn, epoch.teaching)

    def evaluate(self, network: nn.Module, part: Part) -> float:
        """Mean cross entropy of a part in nats a token; perplexity is its exponential."""
        return mean_loss(network, self._text(part, self.recipe.evaluation_batch), self.recipe.bptt)

    def evaluate_each(self, network: nn.Module, part: Part) -> Items:
        """Cross entropy of each window of ``bptt`` tokens in nats, in the order of the text."""
        recipe = self.recipe
        return window_losses(network, self._text(part, recipe.evaluation_batch), recipe.bptt)

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

    def details(self, part: Part, loss: float) -> dict[str, Any]:
        """What a table says of an evaluation beside its score.

        Raises:
            CheckpointError: most of the part is unknown to the vocabulary, so it is another language.
        """
        row = self.corpus.part(part)
        unknown = self.corpus.vocabulary.numbers.get(UNKNOWN, -1)
        rate = float((row == unknown).double().mean()) if len(row) else 0.0
        if rate > _MOSTLY:
            raise CheckpointError(
                f"the network was trained on another vocabulary: {rate:.0%} of the tokens of this text are "
                "unknown to it; give a text like the one it was trained on, at the same --level"
            )
        return {
            "loss": loss,
            "perplexity": PERPLEXITY.shown(loss),
            "bits": loss / math.log(2),
            "tokens": len(row),
            "unknown_rate": rate,
        }

    def _text(self, part: str, batch: int) -> Tensor:
        key = (part, batch)
        if key not in self._columns:
            row = self.corpus.part(part)
            self._columns[key] = columns(row, batch, part=_PART_NAMES[part]).to(self.device)
        return self._columns[key]


@torch.no_grad()
def mean_loss(network: nn.Module, text: Tensor, bptt: int) -> float:
    """Mean cross entropy of a text ``(time, batch)`` in nats a token, the hidden state carried along.

    One look at the device at the end, whatever the number of windows.
    """
    state, meter = None, Meter()
    for inputs, targets in windows(text, bptt):
        if isinstance(network, GivesLoss):
            seen = network.window_loss(inputs, targets, state)
            loss, state = seen.cross_entropy, seen.state
        else:
            scores, state = network(inputs, state)
            loss = cross_entropy(scores.flatten(0, 1), targets.flatten())
        meter.add(loss, targets.numel())
    return meter.finish()[0]


@torch.no_grad()
def window_losses(network: nn.Module, text: Tensor, bptt: int) -> Items:
    """Cross entropy of each window of each column of a text ``(time, batch)``, columns end to end."""
    state: Any = None
    losses, counts = [], []
    for inputs, targets in windows(text, bptt):
        scores, state = network(inputs, state)
        each = cross_entropy(scores.flatten(0, 1), targets.flatten(), reduction="none")
        losses.append(each.view(targets.shape).double().sum(dim=0).cpu())
        counts.append(torch.full((targets.shape[1],), float(len(targets)), dtype=torch.float64))
    summed, counted = (torch.stack(rows, dim=1).flatten() for rows in (losses, counts))
    return Items(summed, counted, name=f"windows of {min(bptt, len(text) - 1)} tokens", ordered=True)
