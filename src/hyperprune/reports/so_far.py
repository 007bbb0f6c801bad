"""A search that has not ended, as far as its folder tells: the rankings are made again from the records."""

import math
from collections.abc import Sequence
from statistics import fmean
from typing import Any

from hyperprune.errors import HyperpruneError
from hyperprune.reports.findings import DENSE, Network
from hyperprune.reports.histories import read_history
from hyperprune.search import RoundResult, RunFolder, SearchConfig
from hyperprune.search.metrics.early import METRICS, Measured, Parts, spectrum_distance
from hyperprune.search.rounds.chooser import Chooser, Suggestion
from hyperprune.search.rounds.round import Standing, promoted, ranked
from hyperprune.search.rounds.same_dynamics import left_out
from hyperprune.tasks import Score
from hyperprune.training import EpochRecord, History


def dense_so_far(history: History, config: SearchConfig) -> Network:
    """The dense reference."""
    return _network(DENSE, DENSE, history, (), config.described.judged_by)


def candidates_so_far(
    folder: RunFolder, config: SearchConfig
) -> tuple[tuple[Network, ...], tuple[RoundResult, ...]]:
    """The candidates that finished their first epochs, and the rankings that all of them have reached.

    Args:
        folder: the run.
        config: its configuration.
    """
    known = _known(folder, config)
    first: dict[str, int] = {}
    owners = [first.setdefault(one.choice.key(), number) for number, one in enumerate(known)]
    histories = {n: _histories(folder, config, n) for n in set(owners)}
    rounds = _rounds(folder, config, histories, len(known))
    alive = set(histories) - {n for ranking in rounds for n in ranking.ranking}
    alive |= {n for n in histories if _promoted_last(rounds, n)}
    networks = []
    for number, (suggestion, owner) in enumerate(zip(known, owners, strict=True)):
        history = histories[owner][0]
        standing = "running" if owner in alive else "eliminated"
        if owner != number:
            standing, history = "duplicate", history.until(config.search.first_epochs)
        elif history.failure is not None:
            standing = "failed"
        network = _network(
            str(number),
            standing,
            history,
            _distances(folder, config, owner, history),
            config.described.judged_by,
            choices=suggestion.choice.to_dict(),
            metric=suggestion.value,
            note=f"same as {owner}" if owner != number else "",
        )
        networks.append(network)
    return tuple(networks), rounds


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
) -> Network:
    records = history.epochs
    return Network(
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


def _known(folder: RunFolder, config: SearchConfig) -> list[Suggestion]:
    if not folder.database.exists():
        return []
    return Chooser(folder.database, config.search, config.space, config.density, config.seed).known()


def _histories(folder: RunFolder, config: SearchConfig, number: int) -> tuple[History, ...]:
    return tuple(read_history(folder.candidate(number, seed)) for seed in range(config.search.seeds))


def _promoted_last(rounds: Sequence[RoundResult], number: int) -> bool:
    """Whether a candidate went on from the last ranking that holds it."""
    return next((number in r.promoted for r in reversed(rounds) if number in r.ranking), False)


def _rounds(
    folder: RunFolder, config: SearchConfig, histories: dict[int, tuple[History, ...]], known: int
) -> tuple[RoundResult, ...]:
    """Rank again, as the search did, for as long as every candidate of a round has trained it.

    Not by a metric of the user's own: nothing that a run folder names is imported to look at it.
    """
    found: list[RoundResult] = []
    begin, metric = 0, config.search.metric
    for number, bracket in enumerate(config.plan.brackets):
        stop = begin + bracket.candidates
        if known < stop or metric not in METRICS:
            break
        alive = [n for n in sorted(histories) if begin <= n < stop]
        found += _bracket(folder, config, {n: histories[n] for n in alive}, number, bracket.until)
        begin = stop
    return tuple(found)


def _bracket(
    folder: RunFolder,
    config: SearchConfig,
    histories: dict[int, tuple[History, ...]],
    bracket: int,
    until: int,
) -> list[RoundResult]:
    found: list[RoundResult] = []
    alive = list(histories)
    while True:
        reached = {n: tuple(h.until(until) for h in histories[n]) for n in alive}
        if not all(_has_reached(history, until) for each in reached.values() for history in each):
            return found
        parts = {n: _parts(folder, config, n, each) for n, each in reached.items()}
        whole = {n: own for n, own in parts.items() if own is not None}
        scores = METRICS[config.search.metric].compared(list(whole.values()), config.search.loss_weight)
        order = ranked(
            Standing(score, fmean(h.valid_loss for h in reached[n]), n)
            for n, score in zip(whole, scores, strict=True)
        )
        same = _same(folder, config, [standing.number for standing in order], until)
        step = config.plan.step(bracket, until, len(order), len(order) - len(same))
        found.append(
            RoundResult(
                bracket=bracket,
                until=until,
                ranking=tuple(standing.number for standing in order),
                metric=tuple(standing.metric for standing in order),
                promoted=tuple(promoted(order, step.kept, same)),
                failed=tuple(n for n in parts if n not in whole),
                same_as=same,
            )
        )
        if step.last or not order:
            return found
        alive, until = list(found[-1].promoted), step.until


def _same(folder: RunFolder, config: SearchConfig, ranking: list[int], epoch: int) -> dict[int, int]:
    try:
        return left_out(config.search, config.seed, folder, ranking, epoch)
    except (HyperpruneError, OSError):
        return {}


def _has_reached(history: History, until: int) -> bool:
    """Whether nothing is left to do for a ranking after ``until`` epochs."""
    if history.failure is not None:
        return True
    return len(history.epochs) >= until and (until > 0 or history.initial is not None)


def _parts(
    folder: RunFolder, config: SearchConfig, number: int, histories: tuple[History, ...]
) -> Parts | None:
    """What the metric measured, averaged over the seeds; none for what cannot be read."""
    measured = []
    for seed, history in enumerate(histories):
        if history.failure is not None:
            return None
        seen = Measured(
            len(history.epochs),
            history.valid_loss,
            folder.candidate(number, seed),
            folder.dense_of(seed if config.reference is None else 0),
            config.search.distance,
        )
        try:
            measured.append(METRICS[config.search.metric].measure(seen))
        except (HyperpruneError, OSError):
            return None
    means = tuple(fmean(values) for values in zip(*measured, strict=True))
    return means if all(map(math.isfinite, means)) else None


def _distances(folder: RunFolder, config: SearchConfig, number: int, history: History) -> list[float]:
    found: list[float] = []
    for record in history.epochs:
        distance = _distance(folder, config, number, record)
        if distance is None:
            break
        found.append(distance)
    return found


def _distance(folder: RunFolder, config: SearchConfig, number: int, record: EpochRecord) -> float | None:
    try:
        return spectrum_distance(folder.candidate(number), folder.dense, record.epoch, config.search.distance)
    except (HyperpruneError, OSError):
        return None
