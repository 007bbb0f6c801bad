"""A single training as one object: its folder, what it gave, and its network."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from torch import nn

from hyperprune import files
from hyperprune.errors import RunFolderError
from hyperprune.frames import frame
from hyperprune.lyapunov import Spectrum
from hyperprune.training.evaluation import load_network
from hyperprune.training.stored import checkpoint
from hyperprune.training.stored.job_folder import JobFolder
from hyperprune.training.stored.run_folder import read_config
from hyperprune.training.stored_run import StoredRun
from hyperprune.training.train_one import NETWORK, TrainConfig, TrainResult


@dataclass(frozen=True)
class TrainingRun(StoredRun):
    """One network trained on its own."""

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
            return TrainResult.model_validate(files.read_summed(self.path / "result.json"))
        except FileNotFoundError:
            what, remedy = "has not ended", "resumes it"
        except (OSError, ValueError) as error:
            reason = str(error).splitlines()[0]
            what, remedy = f"has a result.json that cannot be read ({reason})", "writes it anew"
        raise RunFolderError(
            f"the training in {self.path} {what}: run its hyperprune train command again, which {remedy}"
        )

    def rows(self) -> list[dict[str, Any]]:
        """One row an epoch, also of a training that is under way."""
        history = JobFolder(self.path / NETWORK).history()
        return [record.model_dump(exclude={"spectrum"}) for record in history.epochs]

    def frame(self) -> Any:
        """:meth:`rows` as a ``pandas.DataFrame``.

        Raises:
            ConfigurationError: pandas is not installed.
        """
        return frame(self.rows())

    def network(self) -> nn.Module:
        """The network of the best epoch, in evaluation mode.

        Raises:
            RunFolderError: nothing has been trained yet.
        """
        folder = JobFolder(self.path / NETWORK)
        weights = checkpoint.path(folder.path, folder.best_epoch())
        return load_network(weights, self.task, self.config.described.level)

    def spectrum(self, epoch: int) -> Spectrum:
        """The spectrum that was measured after an epoch.

        Raises:
            SpectrumFileError: none was measured then.
        """
        return JobFolder(self.path / NETWORK).spectrum(epoch)
