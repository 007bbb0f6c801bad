"""The best network so far against what was spent, in the order in which a search trains."""

from collections.abc import Iterator

from hyperprune.search.comparing.pool import Searched, network
from hyperprune.search.comparing.records import Point
from hyperprune.search.results.round_result import RoundResult


def trajectory(run: Searched) -> tuple[Point, ...]:
    """A point after each stretch of training that brought a better network, and one at the end."""
    seeds, signed = run.config.search.seeds, run.result.score.signed
    charged = run.config.uses_dense
    epochs = run.result.cost.with_dense - run.result.cost.search if charged else 0
    seconds = None if run.seconds is None else (run.dense_seconds or 0.0) * charged
    best: float | None = None
    points: list[Point] = []
    for number, begin, end in _stretches(run):
        losses = network(run, run.result.candidates[number]).losses
        trained = losses[begin:end]
        epochs += len(trained) * seeds
        if seconds is not None and run.seconds is not None and losses:
            seconds += run.seconds.get(number, 0.0) * len(trained) / len(losses)
        better = min(trained, default=float("inf"))
        if trained and (best is None or better < best):
            best = better
            points.append(Point(epochs=epochs, seconds=seconds, valid_score=signed(best)))
    if best is not None and points[-1].epochs < epochs:
        points.append(Point(epochs=epochs, seconds=seconds, valid_score=signed(best)))
    return tuple(points)


def reached_by(path: tuple[Point, ...], epochs: int) -> float | None:
    """The best validation score after at most so many epochs; none before the first."""
    return next((point.valid_score for point in reversed(path) if point.epochs <= epochs), None)


def _stretches(run: Searched) -> Iterator[tuple[int, int, int]]:
    """Candidate, epoch before and epoch after, in order of training."""
    full = _full_budgets(run)
    for bracket in sorted({ranking.bracket for ranking in run.result.rounds}):
        rankings = [ranking for ranking in run.result.rounds if ranking.bracket == bracket]
        for number in sorted((*rankings[0].ranking, *rankings[0].failed)):
            yield number, 0, rankings[0].until
        for ranking, until in zip(rankings, _next_epochs(rankings, full[bracket]), strict=True):
            for number in ranking.promoted:
                yield number, ranking.until, until


def _full_budgets(run: Searched) -> dict[int, int]:
    """Epochs of the finals, by bracket."""
    return {
        family.bracket + number: family.recipe.epochs
        for family in run.config.each_family
        for number in range(len(family.plan.brackets))
    }


def _next_epochs(rankings: list[RoundResult], full: int) -> list[int]:
    return [*(ranking.until for ranking in rankings[1:]), full]
