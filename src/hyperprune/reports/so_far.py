"""A search that has not ended, as far as its folder tells; nothing is decided here."""

from collections.abc import Sequence
from typing import Any

from hyperprune.errors import HyperpruneError
from hyperprune.reports.findings import DENSE, Network
from hyperprune.reports.histories import read_history
from hyperprune.search import RoundResult, RunFolder, SearchConfig
from hyperprune.search.metrics.early import spectrum_distance
from hyperprune.search.results.rounds_file import stored_rounds
from hyperprune.search.rounds.study import stored_study
from hyperprune.search.rounds.suggestions import Suggestion, suggestions
from hyperprune.tasks import Score
from hyperprune.training import EpochRecord, History


def dense_so_far(history: History, config: SearchConfig) -> Network:
    """The dense reference."""
    return _network(DENSE, DENSE, history, (), config.described.judged_by)


def candidates_so_far(
    folder: RunFolder, config: SearchConfig
) -> tuple[tuple[Network, ...], tuple[RoundResult, ...]]:
    """The candidates that finished their first epochs, and the rankings that were made.

    Args:
        folder: the run.
        config: its configuration.
    """
    known = _known(folder, config)
    first: dict[str, int] = {}
    owners = [first.setdefault(one.choice.key(), number) for number, one in enumerate(known)]
    histories = {n: _histories(folder, config, n) for n in set(owners)}
    rounds = stored_rounds(folder, config.digest)
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
    study = stored_study(folder.database)
    told = str(study.attributes.get("told", config.search.told))
    return suggestions(study.trials, config.space, config.density, told)


def _histories(folder: RunFolder, config: SearchConfig, number: int) -> tuple[History, ...]:
    return tuple(read_history(folder.candidate(number, seed)) for seed in range(config.search.seeds))


def _promoted_last(rounds: Sequence[RoundResult], number: int) -> bool:
    """Whether a candidate went on from the last ranking that holds it."""
    return next((number in r.promoted for r in reversed(rounds) if number in r.ranking), False)


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
