"""What ``hyperprune.load`` gives: tables (pandas where it is installed) and networks."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from torch import nn

from hyperprune.errors import RunFolderError
from hyperprune.lyapunov import Spectrum
from hyperprune.search.config.search_config import SearchConfig
from hyperprune.search.results.find import find
from hyperprune.search.results.folder import RunFolder
from hyperprune.search.results.result import Curve, SearchResult
from hyperprune.search.results.tables import Rows, table
from hyperprune.training import JobFolder, TrainConfig, TrainResult, load_network
from hyperprune.training.run_folder import read_config
from hyperprune.training.train_one import NETWORK


@dataclass(frozen=True)
class SearchRun:
    """A search that has ended, for reading.

    Attributes:
        path: its folder.
        task: what a task of your own is called.
    """

    path: Path
    task: str | None = None

    @cached_property
    def config(self) -> SearchConfig:
        """Its configuration."""
        return RunFolder(self.path).config()

    @cached_property
    def result(self) -> SearchResult:
        """Everything it found.

        Raises:
            RunFolderError: the search has not ended.
        """
        return RunFolder(self.path).finished()

    @property
    def candidates(self) -> Any:
        """One row a candidate: what became of it, its pruning choices, and its figures."""
        rows: Rows = []
        score = self.result.score
        for candidate in self.result.candidates:
            final = candidate.final
            rows.append(
                {
                    "number": candidate.number,
                    "standing": candidate.standing,
                    "duplicate_of": candidate.duplicate_of,
                    "failure": candidate.failure,
                    **candidate.choices,
                    "pool_metric": candidate.pool_metric,
                    "pool_spread": candidate.pool_spread,
                    "rounds": candidate.rounds,
                    "epochs": len(candidate.curve.train_loss),
                    "best_valid_score": min(candidate.curve.valid_score, key=score.signed, default=None),
                    "test_score": None if final is None else final.test_score,
                    "live": None if final is None else final.live,
                }
            )
        return table(rows)

    @property
    def epochs(self) -> Any:
        """One row a network and epoch; ``candidate`` is none for the dense reference."""
        rows = _curve_rows(None, self.result.dense.curve)
        for candidate in self.result.candidates:
            rows += _curve_rows(candidate.number, candidate.curve)
        return table(rows)

    @property
    def rounds(self) -> Any:
        """One row a round and ranked candidate."""
        return table(
            [
                {
                    "round": number,
                    "until": ranking.until,
                    "rank": rank,
                    "candidate": candidate,
                    "metric": metric,
                    "promoted": candidate in ranking.promoted,
                }
                for number, ranking in enumerate(self.result.rounds)
                for rank, (candidate, metric) in enumerate(
                    zip(ranking.ranking, ranking.metric, strict=True), start=1
                )
            ]
        )

    def network(self, candidate: int | None = None, *, dense: bool = False) -> nn.Module:
        """The selected network, another candidate's, or the dense one; its best epoch, in evaluation mode.

        Raises:
            RunFolderError: there is no such network.
        """
        return load_network(find(self.path, candidate, dense=dense).weights, self.task)

    def spectrum(self, epoch: int, candidate: int | None = None) -> Spectrum:
        """The spectrum that was measured after an epoch; of the dense reference if no candidate is named.

        Raises:
            SpectrumFileError: none was measured then.
        """
        run = RunFolder(self.path)
        if candidate is None:
            return run.dense.spectrum(epoch)
        if not 0 <= candidate < len(self.result.candidates):
            last = len(self.result.candidates) - 1
            raise RunFolderError(f"there is no candidate {candidate}: give a number from 0 to {last}")
        original = self.result.candidates[candidate].duplicate_of
        return run.candidate(candidate if original is None else original).spectrum(epoch)


@dataclass(frozen=True)
class TrainingRun:
    """A single training, for reading.

    Attributes:
        path: its folder.
        task: what a task of your own is called.
    """

    path: Path
    task: str | None = None

    @cached_property
    def config(self) -> TrainConfig:
        """Its configuration."""
        return read_config(self.path, TrainConfig)

    @cached_property
    def result(self) -> TrainResult:
        """What it gave.

        Raises:
            RunFolderError: the training has not ended.
        """
        try:
            return TrainResult.model_validate_json((self.path / "result.json").read_bytes())
        except (FileNotFoundError, ValueError):
            raise RunFolderError(
                f"the training in {self.path} has not ended: give its hyperprune train command again to go on"
            ) from None

    @property
    def epochs(self) -> Any:
        """One row an epoch, also of a training that is under way."""
        history = JobFolder(self.path / NETWORK).history()
        return table([record.model_dump(exclude={"spectrum"}) for record in history.epochs])

    def network(self) -> nn.Module:
        """The network of the best epoch, in evaluation mode."""
        return load_network(find(self.path).weights, self.task)


def _curve_rows(candidate: int | None, curve: Curve) -> Rows:
    distances = curve.ls_distance
    return [
        {
            "candidate": candidate,
            "epoch": place + 1,
            "train_loss": loss,
            "valid_score": score,
            "ls_distance": distances[place] if place < len(distances) else None,
        }
        for place, (loss, score) in enumerate(zip(curve.train_loss, curve.valid_score, strict=True))
    ]
