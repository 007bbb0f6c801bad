"""Carbon dioxide at Mauna Loa, week by week: forecasting (Keeling and Whorf, the data of statsmodels)."""

from collections.abc import Iterator
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from hyperprune.optional import try_import
from hyperprune.tasks import Epoch, Items, Score
from hyperprune.tasks.small_search import SMALL_SEARCH
from hyperprune.tasks.task import Part

_YEAR = 52  # weeks


class Forecaster(nn.Module):
    """Stacked LSTM over the changes so far; at every step it says the next one."""

    def __init__(self, hidden: int, layers: int) -> None:
        super().__init__()
        self.lstm = nn.LSTM(1, hidden, layers)
        self.decoder = nn.Linear(hidden, 1)

    def forward(self, changes: Tensor) -> Tensor:
        """Forecasts ``(time, batch)`` of the change after each of ``(time, batch)``."""
        hidden, _ = self.lstm(changes[..., None])
        forecasts: Tensor = self.decoder(hidden)
        return forecasts[..., 0]


class CarbonDioxide:
    """One week ahead on 2,284 weeks from 1958 to 2001; 70 % train, 15 % validation, 15 % test, in order.

    The network sees the changes from week to week, in units of their standard deviation over the training
    part. Weeks without a measurement are filled in between their neighbours for the inputs; as targets they
    count nowhere.

    Args:
        hidden: units of each layer.
        layers: LSTM layers.
        window: weeks of a training sequence, of which the first half-year is not counted.
        batch: sequences of a training batch.
    """

    score = Score(name="RMSE", decimals=4)  # in ppm
    defaults: ClassVar[dict[str, Any]] = {
        **SMALL_SEARCH,
        "recipe.learning_rate": 0.003,
        "recipe.epochs": 20,
        "spectrum.warmup": 10,
        "spectrum.steps": 35,
        "spectrum.batch": 5,
        "dense_start.epochs": 60,
        "dense_start.milestones": (45, 55),
        "dense_start.space.distillation": (1.0,),
        "dense_start.search.screen": 6,
        "dense_start.search.round_epochs": 8,
    }

    def __init__(self, hidden: int = 32, layers: int = 2, window: int = 104, batch: int = 32) -> None:
        self.hidden, self.layers, self.window, self.batch = hidden, layers, window, batch
        series = (
            try_import("statsmodels.datasets", extra="tasks", needed_by="the task co2")
            .co2.load_pandas()
            .data["co2"]
        )
        measured = torch.tensor(series.notna().to_numpy())
        weeks = torch.tensor(series.interpolate().to_numpy(), dtype=torch.float32)
        self.known = measured[1:] & measured[:-1]
        changes = weeks[1:] - weeks[:-1]
        first, second = int(len(changes) * 0.70), int(len(changes) * 0.85)
        self.bounds = {"train": (0, first), "valid": (first, second), "test": (second, len(changes))}
        self.unit = float(changes[:first].std())
        self.changes = changes / self.unit

    @property
    def starts(self) -> Tensor:
        """First weeks of the training sequences, a month apart."""
        return torch.arange(0, self.bounds["train"][1] - self.window, 4)

    @property
    def steps_per_epoch(self) -> int:
        """Batches of the training sequences."""
        return -(-len(self.starts) // self.batch)

    def data(self) -> dict[str, Tensor]:
        """What is trained and validated on, for the run's record."""
        last = self.bounds["valid"][1]
        return {"changes": self.changes[:last], "known": self.known[:last]}

    def network(self) -> nn.Module:
        """A forecaster."""
        return Forecaster(self.hidden, self.layers)

    def smaller(self, factor: float) -> dict[str, Any]:
        """Fewer units."""
        return {"hidden": max(1, round(factor * self.hidden))}

    def losses(self, network: nn.Module, epoch: Epoch) -> Iterator[tuple[Tensor, int]]:
        """Mean squared error of each batch of shuffled sequences, after their first half-year."""
        device = next(network.parameters()).device
        starts = self.starts[torch.randperm(len(self.starts), generator=epoch.generator)]
        for chosen in starts.split(self.batch):
            weeks = chosen + torch.arange(self.window + 1)[:, None]
            changes, known = self.changes[weeks].to(device), self.known[weeks].to(device)
            counted = known[1:].clone()
            counted[: _YEAR // 2] = False
            forecasts = network(changes[:-1])[counted]
            loss = (forecasts - changes[1:][counted]).square().mean()

            def answer(teacher: nn.Module, seen: Tensor = changes[:-1], mask: Tensor = counted) -> Tensor:
                given: Tensor = teacher(seen)[mask]
                return given

            yield epoch.distilled(loss, forecasts, answer, "values"), len(forecasts)

    def evaluate(self, network: nn.Module, part: Part) -> float:
        """Root mean squared error of a part's weeks in ppm, each forecast from all weeks before it."""
        return float(self._errors(network, part).double().square().mean().sqrt()) * self.unit

    def evaluate_each(self, network: nn.Module, part: Part) -> Items:
        """Squared error of each week in ppm²; neighbouring weeks share their weather."""
        squares = (self._errors(network, part).double() * self.unit).square()
        return Items(squares, torch.ones_like(squares), name="weeks", ordered=True, root=True)

    def spectrum_inputs(self, batch: int, steps: int) -> Tensor:
        """Contiguous columns of the validation part, ``(steps, batch)`` where it is long enough."""
        first, last = self.bounds["valid"]
        length = min(steps, (last - first) // batch)
        return self.changes[first : first + length * batch].view(batch, length).t()

    def naive(self) -> tuple[str, float]:
        """The last week again."""
        first, last = self.bounds["valid"]
        counted = self.changes[first:last][self.known[first:last]]
        return "the last week again", float(counted.double().square().mean().sqrt()) * self.unit

    def _errors(self, network: nn.Module, part: Part) -> Tensor:
        """Forecast less measurement of a part's measured weeks, in units of the training part."""
        first, last = self.bounds[part]
        changes = self.changes.to(next(network.parameters()).device)
        errors = (network(changes[: last - 1, None])[:, 0] - changes[1:last])[max(first - 1, 0) :].cpu()
        counted: Tensor = errors[self.known[max(first, 1) : last]]
        return counted
