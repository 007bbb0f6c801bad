"""Handwritten digits read row by row: sequence classification (the data of Alpaydin and Kaynak 1998)."""

from collections.abc import Iterator
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from hyperprune.optional import try_import
from hyperprune.tasks import Epoch, Items, Score
from hyperprune.tasks.small_search import SMALL_SEARCH
from hyperprune.tasks.task import Part

_SPLIT = 0  # seed of the permutation that cuts the parts
_TRAIN, _VALID = 1257, 270  # images; the other 270 are the test part


class RowReader(nn.Module):
    """An LSTM over the rows of an image, and a linear layer on its last hidden state."""

    def __init__(self, hidden: int, layers: int) -> None:
        super().__init__()
        self.lstm = nn.LSTM(8, hidden, layers, batch_first=True)
        self.decoder = nn.Linear(hidden, 10)

    def forward(self, images: Tensor) -> Tensor:
        """Logits ``(batch, 10)`` of images ``(batch, 8, 8)``."""
        hidden, _ = self.lstm(images)
        logits: Tensor = self.decoder(hidden[:, -1])
        return logits


class Digits:
    """The 1,797 images of scikit-learn's ``load_digits``, 8 x 8 pixels: eight steps of eight features.

    Args:
        hidden: units of each layer.
        layers: LSTM layers.
        batch: images of a training batch.
    """

    score = Score(name="error rate", decimals=4)
    defaults: ClassVar[dict[str, Any]] = {
        **SMALL_SEARCH,
        "recipe.learning_rate": 0.005,
        "recipe.epochs": 30,
        "spectrum.warmup": 0,
        "spectrum.steps": 8,
        "spectrum.batch": 20,
        "dense_start.epochs": 50,
        "dense_start.milestones": (35, 45),
        "dense_start.space.distillation": (0.9,),
        "dense_start.space.temperature": (1.0, 3.0),
        "dense_start.search.round_epochs": 4,
    }

    def __init__(self, hidden: int = 48, layers: int = 1, batch: int = 32) -> None:
        self.hidden, self.layers, self.batch = hidden, layers, batch
        data = try_import("sklearn.datasets", extra="tasks", needed_by="the task digits").load_digits()
        images = torch.tensor(data.images, dtype=torch.float32) / 16
        labels = torch.tensor(data.target, dtype=torch.int64)
        order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(_SPLIT))
        cuts = {
            "train": order[:_TRAIN],
            "valid": order[_TRAIN : _TRAIN + _VALID],
            "test": order[_TRAIN + _VALID :],
        }
        self.parts = {name: (images[rows], labels[rows]) for name, rows in cuts.items()}

    @property
    def steps_per_epoch(self) -> int:
        """Batches of the training part."""
        return -(-_TRAIN // self.batch)

    def data(self) -> dict[str, tuple[Tensor, Tensor]]:
        """What is trained and validated on, for the run's record."""
        return {part: self.parts[part] for part in ("train", "valid")}

    def network(self) -> nn.Module:
        """A reader of rows."""
        return RowReader(self.hidden, self.layers)

    def smaller(self, factor: float) -> dict[str, Any]:
        """Fewer units."""
        return {"hidden": max(1, round(factor * self.hidden))}

    def losses(self, network: nn.Module, epoch: Epoch) -> Iterator[tuple[Tensor, int]]:
        """Cross entropy of each batch of shuffled images."""
        images, labels = self._part("train", network)
        for rows in torch.randperm(len(labels), generator=epoch.generator).split(self.batch):

            def answer(teacher: nn.Module, seen: Tensor = images[rows]) -> Tensor:
                given: Tensor = teacher(seen)
                return given

            logits = network(images[rows])
            loss = cross_entropy(logits, labels[rows])
            yield epoch.distilled(loss, logits, answer), len(rows)

    def evaluate(self, network: nn.Module, part: Part) -> float:
        """Share of the images that are taken for another digit."""
        images, labels = self._part(part, network)
        return float((network(images).argmax(dim=1) != labels).double().mean())

    def evaluate_each(self, network: nn.Module, part: Part) -> Items:
        """One for each image that is taken for another digit, else zero."""
        images, labels = self._part(part, network)
        wrong = (network(images).argmax(dim=1) != labels).double()
        return Items(wrong, torch.ones_like(wrong), name="images")

    def spectrum_inputs(self, batch: int, steps: int) -> Tensor:
        """The first validation images; all eight rows of each, whatever ``steps`` says."""
        return self.parts["valid"][0][:batch]

    def naive(self) -> tuple[str, float]:
        """The most frequent digit of the training part, for every image."""
        answer = self.parts["train"][1].bincount().argmax()
        return "always the most frequent digit", float((self.parts["valid"][1] != answer).double().mean())

    def _part(self, part: str, network: nn.Module) -> tuple[Tensor, Tensor]:
        device = next(network.parameters()).device
        images, labels = self.parts[part]
        return images.to(device), labels.to(device)
