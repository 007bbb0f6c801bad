"""Candidates of several searches as one list of networks: equal ones are one, whichever search trained it."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from statistics import fmean

from hyperprune.search.config.search_config import SearchConfig
from hyperprune.search.results.result import CandidateResult, SearchResult


@dataclass(frozen=True)
class Searched:
    """One finished search.

    Attributes:
        name: its folder.
        config: its configuration.
        result: what it found.
        dense_seconds: seconds of training of the dense reference; None without timings.
        seconds: of each candidate; None without timings.
    """

    name: str
    config: SearchConfig
    result: SearchResult
    dense_seconds: float | None
    seconds: dict[int, float] | None


@dataclass(frozen=True)
class PooledNetwork:
    """A candidate, averaged over its seeds.

    Attributes:
        losses: validation loss by epoch, smaller for better ones.
        distances: LS distance by epoch, perhaps shorter.
        initial: validation loss and LS distance before the first step, where they are known.
        final: validation loss of the best epoch of the full budget; None if it was not trained so far.
    """

    losses: tuple[float, ...]
    distances: tuple[float, ...]
    initial: tuple[float, float] | None
    final: float | None


def network(run: Searched, candidate: CandidateResult) -> PooledNetwork:
    """A candidate of one search."""
    signed = run.result.score.signed
    curves = [seed.curve for seed in candidate.seeds] or [candidate.curve]
    initial = candidate.initial
    known = initial is not None and initial.ls_distance is not None
    return PooledNetwork(
        losses=_mean([tuple(map(signed, curve.valid_score)) for curve in curves]),
        distances=_mean([curve.ls_distance for curve in curves]),
        initial=(signed(initial.valid_score), initial.ls_distance or 0.0) if known and initial else None,
        final=fmean(signed(final.valid_score) for final in candidate.finals) if candidate.finals else None,
    )


def networks(runs: Iterable[Searched]) -> list[PooledNetwork]:
    """All different candidates that did not fail, each as far as any search trained it.

    Searches of the same seed train equal candidates to the same bits; of another seed they are others. LS
    distances are those of the first search's kind; a search of another kind adds none.
    """
    runs = list(runs)
    found: dict[tuple[object, ...], PooledNetwork] = {}
    for run in runs:
        for candidate in run.result.candidates:
            if candidate.failure is not None or candidate.duplicate_of is not None:
                continue
            key = (run.config.seed, run.config.search.seeds, _chosen(candidate))
            new = network(run, candidate)
            if run.config.search.distance != runs[0].config.search.distance:
                new = replace(new, distances=(), initial=None)
            known = found.get(key)
            if known is not None and (len(known.losses), len(known.distances)) >= (
                len(new.losses),
                len(new.distances),
            ):
                continue
            found[key] = new
    return list(found.values())


def _chosen(candidate: CandidateResult) -> str:
    """What decides a network; a name that it was chosen by does not."""
    return repr(sorted({**candidate.variant, **candidate.overrides}.items()))


def _mean(rows: list[tuple[float, ...]]) -> tuple[float, ...]:
    """Column means over the rows, as far as all of them go."""
    return tuple(fmean(values) for values in zip(*rows, strict=False))
