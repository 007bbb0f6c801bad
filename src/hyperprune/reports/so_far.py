"""A search that has not ended, as far as its folder tells; nothing is decided here."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from hyperprune.errors import HyperpruneError
from hyperprune.reports.findings import DENSE, NetworkRecord
from hyperprune.reports.histories import read_history
from hyperprune.search import RoundResult, RunFolder, SearchConfig
from hyperprune.search.asking.study import stored_study
from hyperprune.search.asking.suggestions import Suggestion, suggestions
from hyperprune.search.config.families import Family
from hyperprune.search.metrics.early import spectrum_distance
from hyperprune.search.results.rounds_file import stored_rounds
from hyperprune.search.rounds.origin import FixedSpectrum
from hyperprune.tasks import Score
from hyperprune.training import History, JobFolder


def dense_so_far(history: History, config: SearchConfig) -> NetworkRecord:
    """The dense reference."""
    return _network(DENSE, DENSE, history, (), config.described.judged_by)


def candidates_so_far(
    folder: RunFolder, config: SearchConfig
) -> tuple[tuple[NetworkRecord, ...], tuple[RoundResult, ...]]:
    """The candidates that finished their first epochs, and the rankings that were made.

    Args:
        folder: the run.
        config: its configuration.
    """
    rounds = stored_rounds(folder, config.digest)
    networks: list[NetworkRecord] = []
    for family in config.each_family:
        networks += _of_family(folder, config, family, rounds)
    return tuple(networks), rounds


def _of_family(
    folder: RunFolder, config: SearchConfig, family: Family, rounds: Sequence[RoundResult]
) -> Iterator[NetworkRecord]:
    known = _known(folder, config, family)
    first: dict[str, int] = {}
    owners = [first.setdefault(one.choice.key(), family.first + place) for place, one in enumerate(known)]
    histories = {n: _histories(folder, config, n) for n in set(owners)}
    origin = _origin(folder, config, family)
    dense = folder.dense if origin is None else FixedSpectrum(folder.dense.path, origin)
    score = config.described.judged_by
    alive = set(histories) - {n for ranking in rounds for n in ranking.ranking}
    alive |= {n for n in histories if _promoted_last(rounds, n)}
    for number, (suggestion, owner) in enumerate(zip(known, owners, strict=True), family.first):
        history = histories[owner][0]
        standing = "running" if owner in alive else "eliminated"
        if owner != number:
            standing, history = "duplicate", history.until(family.pool.first_epochs)
        elif history.failure is not None:
            standing = "failed"
        job, untrained = folder.candidate(owner), history.initial
        found = _network(
            str(number),
            standing,
            history,
            _distances(job, dense, family, range(1, len(history.epochs) + 1)),
            score,
            choices=suggestion.choice.to_dict(),
            metric=suggestion.value,
            note=f"same as {owner}" if owner != number else "",
        )
        yield replace(
            found,
            initial_score=None if untrained is None else score.shown(untrained.valid_loss),
            initial_distance=next(iter(_distances(job, dense, family, (0,) if untrained else ())), None),
            family=family.name if len(config.each_family) > 1 else None,
            first_epoch=family.pool.first_epochs,
            origin=origin,
        )


def _origin(folder: RunFolder, config: SearchConfig, family: Family) -> int | None:
    """Epoch of the dense network that candidates start from; their spectra are compared with its."""
    dense = read_history(folder.dense)
    if not family.from_dense or config.reference is not None or not dense.epochs:
        return None
    return dense.best.epoch


def _network(
    name: str,
    standing: str,
    history: History,
    distances: Sequence[float],
    score: Score,
    *,
    choices: dict[str, Any] | None = None,
    metric: float | None = None,
    note: str = "",
) -> NetworkRecord:
    records = history.epochs
    return NetworkRecord(
        name,
        standing,
        variant=choices,
        train_loss=tuple(record.train_loss for record in records),
        valid_score=tuple(score.shown(record.valid_loss) for record in records),
        ls_distance=tuple(distances),
        live_weights=tuple(record.live_weights for record in records),
        metric=metric,
        note=history.failure.reason if history.failure else note,
    )


def _known(folder: RunFolder, config: SearchConfig, family: Family) -> list[Suggestion]:
    study = stored_study(folder.study(family.name, config.families))
    told = str(study.attributes.get("told", family.pool.told))
    return suggestions(study.trials, family.space, config.density, told)


def _histories(folder: RunFolder, config: SearchConfig, number: int) -> tuple[History, ...]:
    return tuple(read_history(folder.candidate(number, seed)) for seed in range(config.search.seeds))


def _promoted_last(rounds: Sequence[RoundResult], number: int) -> bool:
    """Whether a candidate went on from the last ranking that holds it."""
    return next((number in r.promoted for r in reversed(rounds) if number in r.ranking), False)


def _distances(candidate: JobFolder, dense: JobFolder, family: Family, epochs: Iterable[int]) -> list[float]:
    """After each epoch, up to the first that has none."""
    found: list[float] = []
    for epoch in epochs:
        try:
            found.append(spectrum_distance(candidate, dense, epoch, family.pool.distance))
        except (HyperpruneError, OSError):
            break
    return found
