"""Tasks of a few weights, for tests; also found by worker processes."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from hyperprune.tasks import Epoch


class Tagger(nn.Module):
    """Says at each step whether the sum so far is positive."""

    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.lstm = nn.LSTM(3, hidden, batch_first=True)
        self.drop = nn.Dropout(0.1)
        self.out = nn.Linear(hidden, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Logits ``(batch, time)`` of ``(batch, time, 3)``."""
        logits: Tensor = self.out(self.drop(self.lstm(x)[0]))[..., 0]
        return logits


def data(seed: int, batch: int, steps: int) -> tuple[Tensor, Tensor]:
    """Inputs ``(batch, time, 3)`` and whether the running sum of the first feature is positive."""
    x = torch.randn(batch, steps, 3, generator=torch.Generator().manual_seed(seed))
    return x, (x[..., 0].cumsum(1) > 0).float()


def trained_weights(folder: Path) -> Path:
    """A tagger of 6 units after 30 steps, as its owner would have kept it: the path of its ``net.pt``."""
    torch.manual_seed(0)
    network = Tagger(6)
    optimizer = torch.optim.Adam(network.parameters(), 0.02)
    x, y = data(0, 48, 10)
    for _ in range(30):
        optimizer.zero_grad()
        nn.functional.binary_cross_entropy_with_logits(network(x), y).backward()
        optimizer.step()
    torch.save(network.state_dict(), folder / "net.pt")
    return folder / "net.pt"


class Tiny:
    """An accuracy, so higher is better."""

    score = "accuracy"
    higher_is_better = True
    defaults: ClassVar[dict[str, Any]] = {
        "recipe.optimizer": "adam",
        "recipe.learning_rate": 0.02,
        "recipe.epochs": 4,
        "spectrum.batch": 3,
        "spectrum.warmup": 2,
        "spectrum.steps": 6,
        "search.candidates": 4,
        "search.first_epochs": 1,
        "search.round_epochs": 1,
        "sparsity": 0.5,
    }

    def __init__(self, hidden: int = 6, batches: int = 6) -> None:
        self.hidden, self.batches = hidden, batches

    def network(self) -> nn.Module:
        return Tagger(self.hidden)

    def losses(self, network: nn.Module, epoch: Epoch) -> Iterator[Tensor]:
        x, y = data(0, self.batches * 8, 10)
        for rows in torch.randperm(len(x), generator=epoch.generator).split(8):
            yield nn.functional.binary_cross_entropy_with_logits(network(x[rows]), y[rows])

    def evaluate(self, network: nn.Module, part: str) -> float:
        x, y = data({"train": 0, "valid": 1, "test": 2}[part], 40, 10)
        return float(((network(x) > 0) == (y > 0)).double().mean())

    def spectrum_inputs(self, batch: int, steps: int) -> Tensor:
        return data(1, 40, 10)[0]

    def naive(self) -> tuple[str, float]:
        return "a coin", 0.5


class OtherData(Tiny):
    """As :class:`Tiny`, driven by other inputs."""

    def spectrum_inputs(self, batch: int, steps: int) -> Tensor:
        return data(7, 40, 10)[0]


class Short(Tiny):
    """Gives too few steps for its spectrum."""

    def spectrum_inputs(self, batch: int, steps: int) -> Tensor:
        return data(1, 40, 4)[0]


class NotANumber(Tiny):
    """Evaluates to NaN."""

    def evaluate(self, network: nn.Module, part: str) -> float:
        return float("nan")


class Words(Tiny):
    """Evaluates to a text."""

    def evaluate(self, network: nn.Module, part: str) -> Any:
        return "fine"


class TwoModules(Tiny):
    """A network of two recurrent modules; ``which`` says whose spectrum counts."""

    def __init__(self, which: str | None = None) -> None:
        super().__init__()
        if which is not None:
            self.recurrent = which

    def network(self) -> nn.Module:
        first = nn.ModuleDict({"a": nn.GRU(3, 4, batch_first=True), "b": nn.GRU(4, 6, batch_first=True)})
        return Both(first)


class Both(nn.Module):
    def __init__(self, parts: nn.ModuleDict) -> None:
        super().__init__()
        self.parts, self.out = parts, nn.Linear(6, 1)

    def forward(self, x: Tensor) -> Tensor:
        hidden, _ = self.parts["b"](self.parts["a"](x)[0])
        logits: Tensor = self.out(hidden)[..., 0]
        return logits


class NoMethods:
    """Lacks what a task needs."""

    def network(self) -> nn.Module:
        return nn.Linear(1, 1)

    def losses(self, network: nn.Module, epoch: Epoch) -> Iterator[Tensor]:
        return iter(())


made = Tiny()
number = 3
