"""The dense network that candidates start from and learn from."""

from dataclasses import dataclass
from pathlib import Path

from hyperprune.training import JobFolder
from hyperprune.training.stored.checkpoint import path as checkpoint_path
from hyperprune.training.stored.checkpoint import read_document
from hyperprune.training.stored.history import History
from hyperprune.training.stored.weights_file import GivenWeights


@dataclass(frozen=True)
class FixedSpectrum(JobFolder):
    """A folder of which one epoch's spectrum stands for all: that of the network that others start from.

    Attributes:
        epoch: which.
    """

    epoch: int

    def spectrum_path(self, epoch: int) -> Path:
        """Where the spectrum of the origin lies, whatever the candidate's epoch."""
        return super().spectrum_path(self.epoch)


@dataclass(frozen=True)
class Origin:
    """A trained dense network.

    Attributes:
        weights: its file, the averages under NT-ASGD.
        folder: gives its spectrum.
    """

    weights: GivenWeights
    folder: JobFolder


def trained_origin(folder: JobFolder, history: History) -> Origin:
    """The dense reference at its best validation epoch, once it is trained."""
    epoch = history.best.epoch
    path = checkpoint_path(folder.path, epoch)
    weights = GivenWeights(checkpoint=str(path), sha256=read_document(path)["sha256"])
    return Origin(weights, FixedSpectrum(folder.path, epoch))
