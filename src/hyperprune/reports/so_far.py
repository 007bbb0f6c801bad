"""A search that has not ended, as far as its folder tells: the rankings are made again from the records."""

from collections.abc import Sequence

from hyperprune.errors import HyperpruneError
from hyperprune.reports.findings import DENSE, Network
from hyperprune.reports.histories import read_history
from hyperprune.search import RoundResult, RunFolder, SearchConfig
from hyperprune.search.chooser import Chooser
from hyperprune.search.halving import Standing, is_final, promoted, ranked
from hyperprune.search.metrics import METRICS, Measured, spectrum_distance
from hyperprune.search.same_dynamics import left_out
from hyperprune.sparsity import PruningVariant
from hyperprune.training import EpochRecord, History, Score, score_named


def dense_so_far(history: History, config: SearchConfig) -> Network:
    """The dense reference."""
    return _network(DENSE, DENSE, history, (), score_named(config.described))


def candidates_so_far(
    folder: RunFolder, config: SearchConfig
) -> tuple[tuple[Network, ...], tuple[RoundResult, ...]]:
    """The candidates that finished their first epochs, and the rankings that all of them have reached.

    Args:
        folder: the run.
        config: its configuration.
    """
    variants = _variants(folder, config)
    first: dict[str, int] = {}
    owners = [first.setdefault(variant.key(), number) for number, variant in enumerate(variants)]
    histories = {n: read_history(folder.candidate(n)) for n in set(owners)}
    rounds = _rounds(folder, config, histories) if len(variants) == config.search.candidates else ()
    alive = set(rounds[-1].promoted) if rounds else set(histories)
    networks = []
    for number, (variant, owner) in enumerate(zip(variants, owners, strict=True)):
        history = histories[owner]
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
            score_named(config.described),
            variant=variant,
            metric=_metric(folder, config, owner, history.until(config.search.first_epochs)),
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
    variant: PruningVariant | None = None,
    metric: float | None = None,
    note: str = "",
) -> Network:
    records = history.epochs
    return Network(
        name,
        standing,
        variant=None if variant is None else variant.canonical().to_dict(),
        train_loss=tuple(record.train_loss for record in records),
        valid_score=tuple(score.shown(record.valid_loss) for record in records),
        ls_distance=tuple(distances),
        live_weights=tuple(record.live_weights for record in records),
        metric=metric,
        note=history.failure.reason if history.failure else note,
    )


def _variants(folder: RunFolder, config: SearchConfig) -> list[PruningVariant]:
    if not folder.database.exists():
        return []
    chooser = Chooser(folder.database, config.search, config.space, config.density, config.seed)
    return [suggestion.variant for suggestion in chooser.known()]


def _rounds(
    folder: RunFolder, config: SearchConfig, histories: dict[int, History]
) -> tuple[RoundResult, ...]:
    """Rank again, as the search did, for as long as every candidate of a round has trained it."""
    found: list[RoundResult] = []
    alive, until = sorted(histories), config.search.first_epochs
    while alive:
        reached = {n: histories[n].until(until) for n in alive}
        if any(h.failure is None and len(h.epochs) < until for h in reached.values()):
            break
        metrics = {n: _metric(folder, config, n, history) for n, history in reached.items()}
        order = ranked(
            Standing(metric, reached[n].last.valid_loss, n)
            for n, metric in metrics.items()
            if metric is not None
        )
        ranking = [standing.number for standing in order]
        same = _same(folder, config, ranking, until)
        alive = promoted(order, same)
        found.append(
            RoundResult(
                until=until,
                ranking=tuple(ranking),
                metric=tuple(standing.metric for standing in order),
                promoted=tuple(alive),
                failed=tuple(n for n, metric in metrics.items() if metric is None),
                same_as=same,
            )
        )
        if is_final(len(alive)):
            break
        until += config.search.round_epochs
    return tuple(found)


def _same(folder: RunFolder, config: SearchConfig, ranking: list[int], epoch: int) -> dict[int, int]:
    try:
        return left_out(config.search, config.seed, folder, ranking, epoch)
    except (HyperpruneError, OSError):
        return {}


def _metric(folder: RunFolder, config: SearchConfig, number: int, history: History) -> float | None:
    if history.failure is not None or not history.epochs:
        return None
    measured = Measured(history.last, folder.candidate(number), folder.dense, config.search.distance)
    try:
        return METRICS[config.search.metric](measured)
    except (HyperpruneError, OSError):
        return None


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
