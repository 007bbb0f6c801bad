"""How sure a distance is: paired resampling of the sequences both spectra were computed on.

The squared distance of noisy means is too large by about the sum of their variances. Resampling the
sequences adds the same excess once more, so that the excess of the resampled squares over the observed
one estimates it; their spread around their own mean estimates the spread of the observed one.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from hyperprune.errors import ConfigurationError
from hyperprune.lyapunov.distances import METRICS, comparable, live_columns
from hyperprune.lyapunov.record import Spectrum

_FEWEST = 8
_AT_ONCE = 250


@dataclass(frozen=True)
class Interval:
    """A distance with its uncertainty, in nats per step.

    Attributes:
        distance: of the mean spectra, as :func:`distance` gives it.
        corrected: the same without its upward bias by noise.
        low: lower end of the interval for the noise-free distance.
        high: upper end.
        level: probability with which such intervals hold it.
        sequences: how many were resampled.
        dead: structurally dead directions of either spectrum, which the distance leaves out.
    """

    distance: float
    corrected: float
    low: float
    high: float
    level: float
    sequences: int
    dead: tuple[int, int] = (0, 0)


@dataclass(frozen=True)
class Comparison:
    """Whether one candidate is closer to a reference than another, in nats per step.

    Attributes:
        difference: distance of ``a`` less distance of ``b``, without the bias by noise.
        low: lower end of its interval.
        high: upper end.
        level: probability with which such intervals hold the noise-free difference.
        sequences: how many were resampled.
        dead: structurally dead directions of ``a``, ``b`` and the reference, which the distances leave out.
    """

    difference: float
    low: float
    high: float
    level: float
    sequences: int
    dead: tuple[int, int, int] = (0, 0, 0)

    @property
    def distinguishable(self) -> bool:
        """Whether the interval leaves out 0."""
        return self.low > 0 or self.high < 0

    @property
    def closer(self) -> str | None:
        """``a`` or ``b``, whichever is closer to the reference; None if they are not distinguishable."""
        if not self.distinguishable:
            return None
        return "a" if self.high < 0 else "b"


def distance_interval(
    a: Spectrum,
    b: Spectrum,
    kind: str = "l2",
    *,
    k: int | None = None,
    level: float = 0.95,
    resamples: int = 2000,
    seed: int = 0,
) -> Interval:
    """Interval for the distance between two systems, from spectra on the same sequences.

    Args:
        a: spectrum of one system.
        b: spectrum of the other on the same sequences in the same order.
        kind: see :func:`distance`.
        k: see :func:`distance`.
        level: probability of the interval.
        resamples: how many resamplings.
        seed: of the resampling.

    Raises:
        ConfigurationError: fewer than 8 sequences, or not the same number on both sides.
    """
    a, b = comparable(a, b, kind, k=k)
    (observed,), (squares,) = _resample([(a, b)], kind, level, resamples, seed)
    square = observed.square()
    centre = square - (squares.mean() - square)
    half = _half_width(squares, level, len(a.exponents))
    corrected, low, high = (math.sqrt(max(0.0, float(x))) for x in (centre, centre - half, centre + half))
    dead = int(a.dead.sum()), int(b.dead.sum())
    return Interval(float(observed), corrected, low, high, level, len(a.exponents), dead)


def compare(
    a: Spectrum,
    b: Spectrum,
    reference: Spectrum,
    kind: str = "l2",
    *,
    k: int | None = None,
    level: float = 0.95,
    resamples: int = 2000,
    seed: int = 0,
) -> Comparison:
    """Which of two candidates is closer to a reference; all three on the same sequences.

    The sequences are resampled together, so what they have in common cancels.

    Args:
        a: spectrum of the first candidate.
        b: spectrum of the second.
        reference: spectrum of the reference.
        kind: see :func:`distance`.
        k: see :func:`distance`.
        level: probability of the interval.
        resamples: how many resamplings.
        seed: of the resampling.

    Raises:
        ConfigurationError: fewer than 8 sequences, or not the same number in all three.
    """
    pairs = [comparable(candidate, reference, kind, k=k) for candidate in (a, b)]
    observed, squares = _resample(pairs, kind, level, resamples, seed)
    distances = squares.sqrt()
    difference = observed[0] - observed[1]
    resampled = distances[0] - distances[1]
    centre = difference - (resampled.mean() - difference)
    half = _half_width(resampled, level, len(reference.exponents))
    low, high, count = float(centre - half), float(centre + half), len(reference.exponents)
    dead = int(a.dead.sum()), int(b.dead.sum()), int(reference.dead.sum())
    return Comparison(float(centre), low, high, level, count, dead)


def _resample(
    pairs: list[tuple[Spectrum, Spectrum]], kind: str, level: float, resamples: int, seed: int
) -> tuple[Tensor, Tensor]:
    """Observed distances ``(pairs,)`` and squares of the resampled ones ``(pairs, resamples)``."""
    sequences = [len(spectrum.exponents) for pair in pairs for spectrum in pair]
    if len(set(sequences)) != 1 or sequences[0] < _FEWEST:
        raise ConfigurationError(
            f"resampling needs the same sequences everywhere and at least {_FEWEST} of them, got "
            f"{sequences}: compute the spectra on one larger batch"
        )
    if not 0 < level < 1 or resamples < 100:
        raise ConfigurationError(
            f"level must lie in (0, 1) and resamples be at least 100, got {level} and "
            f"{resamples}: give 0.95 and 2000"
        )
    count, metric = sequences[0], METRICS[kind]
    values = []
    for a, b in pairs:
        left, right = live_columns(a, b, kind)
        values.append((a.exponents.detach()[:, left], b.exponents.detach()[:, right]))
    observed = torch.stack([metric(a.mean(dim=0), b.mean(dim=0)) for a, b in values])
    generator = torch.Generator().manual_seed(seed)
    squares = []
    for first in range(0, resamples, _AT_ONCE):
        size = (min(_AT_ONCE, resamples - first), count)
        chosen = torch.randint(count, size, generator=generator)
        weights = torch.nn.functional.one_hot(chosen, count).sum(dim=1).double() / count
        squares.append(torch.stack([metric(weights @ a, weights @ b).square() for a, b in values]))
    return observed, torch.cat(squares, dim=1)


def _half_width(resampled: Tensor, level: float, count: int) -> Tensor:
    """Half the interval: a quantile of the deviations' size, widened for few sequences.

    A resample's variance is smaller by (count - 1) / count, and normal quantiles turn into those of
    Student's t by about 1 + (z^2 + 1) / (4 (count - 1)).
    """
    deviations = (resampled - resampled.mean()).abs()
    z = math.sqrt(2) * float(torch.erfinv(torch.tensor(level)))
    widening = math.sqrt(count / (count - 1)) * (1 + (z * z + 1) / (4 * (count - 1)))
    return deviations.quantile(level) * widening
