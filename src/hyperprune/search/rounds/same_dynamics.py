"""Who is left out of a promotion because a better candidate has the same spectrum; off by default."""

from collections.abc import Iterable, Sequence

from hyperprune.search.config.pool import PoolConfig
from hyperprune.search.metrics.near_duplicates import twins
from hyperprune.search.results.folder import RunFolder
from hyperprune.search.rounds.candidate import Candidate
from hyperprune.seeding import generator


def left_out(
    pool: PoolConfig, seed: int, folder: RunFolder, ranking: Sequence[int], epoch: int
) -> dict[int, int]:
    """The better candidate, by the number of each one that is dynamically the same.

    Spectra are compared as ``search.distance`` compares them: index by index, or in order of size.

    Args:
        pool: says from where on two spectra count as the same.
        seed: root seed, which the projections are drawn from.
        folder: holds the spectra; a candidate without one has no twin.
        ranking: numbers, best first.
        epoch: after which they are compared.
    """
    if pool.near_duplicates is None:
        return {}
    points = {}
    for number in ranking:
        job = folder.candidate(number)
        if job.spectrum_path(epoch).exists():
            mean = job.spectrum(epoch).in_nats().mean
            points[number] = mean if pool.distance == "l2" else mean.sort().values
    return twins(points, pool.near_duplicates, generator(seed, "near duplicates", epoch))


def equal_masks(ranking: Iterable[Candidate]) -> dict[int, int]:
    """The better candidate, by the number of each one that has the same masks and has not trained.

    Those that will train at another learning rate, or be taught otherwise, are others.

    Args:
        ranking: candidates that were measured before any training, best first.
    """
    first: dict[object, int] = {}
    same: dict[int, int] = {}
    for candidate in ranking:
        initials = [history.initial for history in candidate.histories]
        masks = tuple(initial.masks for initial in initials if initial and initial.masks)
        if len(masks) == len(initials):
            alike = masks, tuple(candidate.choice.overrides.items())
            best = first.setdefault(alike, candidate.number)
            if best != candidate.number:
                same[candidate.number] = best
    return same
