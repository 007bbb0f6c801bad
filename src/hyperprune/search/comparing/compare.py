"""Searches and trainings side by side at equal cost: ``hyperprune.search.compare([...])``."""

import math
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean, stdev

from hyperprune import files
from hyperprune.config.differences import differences
from hyperprune.errors import ConfigurationError
from hyperprune.search.comparing.pool import PooledNetwork, Searched, network, networks
from hyperprune.search.comparing.records import (
    ComparedRun,
    ConfidenceInterval,
    EarlyRank,
    SearchComparison,
)
from hyperprune.search.comparing.single import Single, check_same_data, is_rival, single, single_row
from hyperprune.search.comparing.trajectory import reached_by, trajectory
from hyperprune.search.metrics.rank_correlation import Array, estimate, midranks, resamples
from hyperprune.search.results.folder import RunFolder
from hyperprune.search.results.timings import load_timings
from hyperprune.training.stored.run_folder import kind_of

_SAME = ("recipe", "spectrum", "sparsity")
_DRAWS = 2000
_FEWEST = 4  # candidates with a known final score, below which a rank correlation says nothing


def compare(runs: Sequence[Path | str]) -> SearchComparison:
    """Put finished searches, and trainings, of the same task and data side by side.

    What counts as cost is what the way of choosing needs: the epochs of the candidates, and those of the
    dense reference if the metric looks at it. Final scores are those of the validation part; a candidate
    that one search trained to the end counts as known in all of them. Searches must be of one network and
    recipe; a training has its own.

    Args:
        runs: run folders.

    Raises:
        RunFolderError: one is no run folder, or has not ended.
        ConfigurationError: fewer than one, or of different tasks, data, networks or recipes.
    """
    opened = [_opened(files.place(run), Path(run).name or str(run)) for run in runs]
    searched = [run for run in opened if isinstance(run, Searched)]
    singles = [run for run in opened if isinstance(run, Single)]
    if not opened:
        raise ConfigurationError("a comparison needs run folders, got none: give one or more")
    first = (searched or singles)[0]
    for search in searched[1:]:
        _check_same(searched[0], search)
    for training in singles:
        check_same_data(first.name, first.config, training)
    sparsity, score = first.config.sparsity, first.result.score
    known = networks(searched)
    finals = [one.final for one in known if one.final is not None]
    finals += [one.final for one in singles if is_rival(one, sparsity)]
    best = min(finals, default=None)
    cheapest = min(map(_charged, searched)) if searched else min(one.result.epochs for one in singles)
    return SearchComparison(
        score=score,
        runs=tuple(_row(run, best, cheapest, sparsity) for run in opened),
        equal_epochs=cheapest,
        dense_valid_score=_dense(searched, singles),
        best_known=None if best is None else score.signed(best),
        early=tuple(_early(searched, known)),
    )


def _opened(path: Path, name: str) -> Searched | Single:
    return single(path, name) if kind_of(path) == "train" else _searched(path, name)


def _dense(searched: Sequence[Searched], singles: Sequence[Single]) -> float | None:
    """The score of the dense network: that of the first search, or of the first dense training."""
    if searched:
        return searched[0].result.dense.final.valid_score
    return next((one.result.valid_score for one in singles if one.config.dense), None)


def _searched(path: Path, name: str) -> Searched:
    folder = RunFolder(path)
    timings = load_timings(folder)
    return Searched(
        name=name,
        config=folder.config(),
        result=folder.finished(),
        dense_seconds=None if timings is None else timings.dense,
        seconds=None if timings is None else timings.candidates,
    )


def _check_same(first: Searched, other: Searched) -> None:
    """What decides a network, the pruning choices and the seed left out, has to be the same."""
    tables = [
        run.config.model_dump(mode="json", include=set(_SAME)) | run.config.described.content
        for run in (first, other)
    ]
    found = differences(tables[0], tables[1])
    if found:
        name, old, new = found[0]
        raise ConfigurationError(
            f"{first.name} and {other.name} cannot be compared: {name} is {old!r} in the one and {new!r} in "
            "the other; give searches of one text, network and recipe"
        )


def _charged(run: Searched) -> int:
    cost = run.result.cost
    return cost.with_dense if run.config.uses_dense else cost.search


def _row(run: Searched | Single, best: float | None, cheapest: int, sparsity: float) -> ComparedRun:
    if isinstance(run, Single):
        return single_row(run, best, cheapest, sparsity)
    path = trajectory(run)
    result, pool, score = run.result, run.config.search, run.result.score
    chosen = None if result.selected is None else result.candidates[result.selected]
    finals = () if chosen is None else chosen.finals
    valid = None if chosen is None else network(run, chosen).final
    seconds = None
    if run.seconds is not None:
        seconds = sum(run.seconds.values()) + (run.dense_seconds or 0.0) * run.config.uses_dense
    return ComparedRun(
        name=run.name,
        plan=pool.plan,
        metric=pool.metric,
        sampler=pool.sampler,
        seed=run.config.seed,
        seeds=pool.seeds,
        candidates=len(result.candidates),
        distinct=sum(candidate.duplicate_of is None for candidate in result.candidates),
        epochs=_charged(run),
        seconds=seconds,
        selected=result.selected,
        valid_score=None if valid is None else score.signed(valid),
        spread=stdev(final.valid_score for final in finals) if len(finals) > 1 else None,
        test_score=fmean(final.test_score for final in finals) if finals else None,
        regret=None if valid is None or best is None else valid - best,
        at_equal_cost=reached_by(path, cheapest),
        path=path,
    )


def _early(searched: list[Searched], known: list[PooledNetwork]) -> list[EarlyRank]:
    """Every metric at every epoch that some search ranked its candidates at, or before."""
    last = max(
        (r.until for run in searched for r in run.result.rounds if r.until < run.config.recipe.epochs),
        default=0,
    )
    finished = [one for one in known if one.final is not None]
    found: list[EarlyRank] = []
    for epoch in range(last + 1):
        measured = [(one, early) for one in finished if (early := _at(one, epoch)) is not None]
        if len(measured) < _FEWEST:
            continue
        finals = [one.final for one, _ in measured if one.final is not None]
        weights = resamples(len(measured), _DRAWS, seed=epoch)
        loss, ls = ([early[place] for _, early in measured] for place in (0, 1))
        both = list(midranks(loss) + midranks(ls))
        found += [
            _early_rank(name, epoch, values, finals, weights)
            for name, values in (("ls", ls), ("loss", loss), ("rank", both))
        ]
    return found


def _at(one: PooledNetwork, epoch: int) -> tuple[float, float] | None:
    """Loss and LS distance of a network after an epoch, if both are known."""
    if epoch == 0:
        return one.initial
    if min(len(one.losses), len(one.distances)) < epoch:
        return None
    return one.losses[epoch - 1], one.distances[epoch - 1]


def _early_rank(
    name: str, epoch: int, values: Sequence[float], finals: Sequence[float], weights: Array
) -> EarlyRank:
    return EarlyRank(
        metric=name,
        epoch=epoch,
        candidates=len(finals),
        spearman=_interval("spearman", values, finals, weights),
        kendall=_interval("kendall", values, finals, weights),
    )


def _interval(
    kind: str, values: Sequence[float], finals: Sequence[float], weights: Array
) -> ConfidenceInterval:
    found = estimate(kind, values, finals, weights)
    return ConfidenceInterval(value=_finite(found.value), low=_finite(found.low), high=_finite(found.high))


def _finite(value: float) -> float | None:
    """JSON has no NaN."""
    return value if math.isfinite(value) else None
