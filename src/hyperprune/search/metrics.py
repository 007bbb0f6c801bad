"""Early metrics: what ranks the candidates of a round. Smaller is better."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from hyperprune.lyapunov import Spectrum, distance
from hyperprune.registry import Registry
from hyperprune.training import EpochRecord, JobFolder


@dataclass(frozen=True)
class Measured:
    """What a metric may look at.

    Attributes:
        record: the candidate's last epoch.
        folder: the candidate's files, its spectra among them.
        dense: the dense reference's files.
        distance: name of the distance of two spectra.
    """

    record: EpochRecord
    folder: JobFolder
    dense: JobFolder
    distance: str


Metric = Callable[[Measured], float]
METRICS: Registry[Metric] = Registry("metric")


@METRICS.register("ls")
def ls(measured: Measured) -> float:
    """Distance of the candidate's spectrum to the dense one of the same epoch, nats a step."""
    return spectrum_distance(measured.folder, measured.dense, measured.record.epoch, measured.distance)


@METRICS.register("loss")
def loss(measured: Measured) -> float:
    """Validation loss, nats an item."""
    return measured.record.valid_loss


def spectrum_distance(folder: JobFolder, dense: JobFolder, epoch: int, kind: str) -> float:
    """Distance of two networks' spectra at the end of the same epoch."""
    load: Callable[[JobFolder], Spectrum] = partial(JobFolder.spectrum, epoch=epoch)
    return distance(load(folder), load(dense), kind)
