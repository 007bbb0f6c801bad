"""Early metrics: what ranks the candidates of a round. Smaller is better.

A metric measures a candidate in one or more parts, numbers that depend on nothing but the candidate and the
dense reference. Parts of several seeds are averaged. Most metrics have one part, and rank by it. One that
compares candidates, such as ``rank``, makes scores of the parts of all that stand beside each other: those of
a round for the ranking; those measured so far for the optimiser, which hears them anew before each batch.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from hyperprune.errors import ConfigurationError
from hyperprune.lyapunov import Spectrum, distance
from hyperprune.papers import SERIANNI_KALITA_2023, Paper
from hyperprune.registry import Registry
from hyperprune.search.metrics.rank_correlation import midranks
from hyperprune.training import JobFolder

Parts = tuple[float, ...]


@dataclass(frozen=True)
class Measured:
    """What a metric may look at.

    Attributes:
        epoch: epochs trained; 0 at initialisation.
        valid_loss: validation loss then, nats an item.
        folder: the candidate's files, its spectra among them.
        dense: the dense reference's files.
        distance: name of the distance of two spectra.
        covariance: score of the covariance of hidden states, where the metric reads it.
    """

    epoch: int
    valid_loss: float
    folder: JobFolder
    dense: JobFolder
    distance: str
    covariance: float | None = None

    @property
    def ls(self) -> float:
        """Distance of the candidate's spectrum to the dense one of the same epoch, nats a step."""
        return spectrum_distance(self.folder, self.dense, self.epoch, self.distance)

    @property
    def spectrum(self) -> Spectrum:
        """The candidate's spectrum."""
        return self.folder.spectrum(self.epoch)

    @property
    def dense_spectrum(self) -> Spectrum:
        """The dense spectrum of the same epoch."""
        return self.dense.spectrum(self.epoch)


@dataclass(frozen=True)
class Metric:
    """How candidates are measured and compared.

    Attributes:
        measure: the parts of one candidate.
        scores: scores of candidates that stand beside each other, from their parts and the weight of the
            loss; None for a metric whose only part is the score.
        needs_dense: whether it looks at the dense reference.
        first_part: what the first of several parts is called; it tells more of one candidate than a score
            among those that happen to be there.
        reads_covariance: whether it looks at hidden states, which jobs then score beside their spectra.
        papers: where it is from, beside those of every search.
    """

    measure: Callable[[Measured], Parts]
    scores: Callable[[Sequence[Parts], float], list[float]] | None = None
    needs_dense: bool = True
    first_part: str | None = None
    reads_covariance: bool = False
    papers: tuple[Paper, ...] = ()

    def compared(self, parts: Sequence[Parts], loss_weight: float) -> list[float]:
        """A score for each, in order."""
        return [own[0] for own in parts] if self.scores is None else self.scores(parts, loss_weight)


METRICS: Registry[Metric] = Registry("metric")


def plain(function: Callable[[Measured], float], *, needs_dense: bool = True) -> Metric:
    """A metric of one part, from a function that gives it."""
    return Metric(lambda measured: (function(measured),), needs_dense=needs_dense)


def _ls(measured: Measured) -> float:
    return measured.ls


def _loss(measured: Measured) -> float:
    return measured.valid_loss


def _covariance(measured: Measured) -> float:
    if measured.covariance is None:
        raise ConfigurationError(
            f"the metric covariance reads scores of hidden states, which {measured.folder.path} does not "
            "hold: they are taken while a network trains; start a new search with search.metric = covariance"
        )
    return measured.covariance


def _ls_and_loss(measured: Measured) -> Parts:
    return (measured.ls, measured.valid_loss)


def _weighted_rank(parts: Sequence[Parts], loss_weight: float) -> list[float]:
    """Mean of the two percentiles: (rank - 1/2) / n, the ranks of equal values shared; in (0, 1)."""
    if not parts:
        return []
    ls, loss = (midranks([own[place] for own in parts]) for place in (0, 1))
    weighted = (1 - loss_weight) * ls + loss_weight * loss
    return [(float(rank) - 0.5) / len(parts) for rank in weighted]


METRICS.register("ls")(plain(_ls))
METRICS.register("loss")(plain(_loss, needs_dense=False))
METRICS.register("covariance")(
    Metric(
        lambda measured: (_covariance(measured),),
        needs_dense=False,
        reads_covariance=True,
        papers=(SERIANNI_KALITA_2023,),
    )
)
METRICS.register("rank")(Metric(_ls_and_loss, _weighted_rank, first_part="ls"))


def spectrum_distance(folder: JobFolder, dense: JobFolder, epoch: int, kind: str) -> float:
    """Distance of two networks' spectra at the end of the same epoch.

    Where directions are dead in one of them, ``l2`` has fewer terms and would favour networks that have lost
    more: it is scaled to the number of all directions. Where none is dead it is the plain distance.
    """
    load: Callable[[JobFolder], Spectrum] = partial(JobFolder.spectrum, epoch=epoch)
    own, reference = load(folder), load(dense)
    value = distance(own, reference, kind)
    if kind != "l2" or not (own.dead.any() or reference.dead.any()):
        return value
    compared = int((own.alive & reference.alive).sum())
    return value * math.sqrt(len(own.mean) / compared) if compared else value
