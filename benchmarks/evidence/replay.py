"""What each way to search would have selected from the trained variants, and at what cost in epochs."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from early import Metric, default_ls, loss, weighted_rank
from networks import Network, finals

from hyperprune.search.metrics.rank_correlation import random_regret
from hyperprune.search.plans import PLANS, Plan, PlanSettings
from hyperprune.search.rounds.round import Ranked, promoted

FULL = 30
SCHEDULES = (1, 2, 3)  # epochs before the first ranking, and in each round
ETA = 3  # of Hyperband: one in three goes on
DRAWS = 1000  # of what Hyperband's brackets get
SUBPOOLS = 500


@dataclass(frozen=True)
class Selection:
    """Where a search ends.

    Attributes:
        regret: perplexity of the selected variant above the best of the pool.
        cost: epochs of training, the dense network's left out.
        place: of the selected variant among the finals, from 1.
    """

    regret: float
    cost: float
    place: float


@dataclass(frozen=True)
class Replay:
    """One way to search.

    Attributes:
        name: how the table calls it.
        dense: whether it needs the dense network, ``FULL`` epochs more.
        run: from the pool and a generator, which it may draw from, to where it ends.
        random: whether ``run`` draws, so that it says the mean of many.
    """

    name: str
    dense: bool
    run: Callable[[Sequence[Network], random.Random], Selection]
    random: bool = False


def follow(plan: Plan, pool: Sequence[Network], metric: Metric) -> Selection:
    """What a search under ``plan`` trains and selects; its brackets take the pool in the given order."""
    finished: list[Network] = []
    left, cost = list(pool), 0
    for number, bracket in enumerate(plan.brackets):
        alive, left = left[: bracket.candidates], left[bracket.candidates :]
        epoch, last = bracket.until, False
        cost += epoch * len(alive)
        while not last:
            values, losses = metric(alive, epoch), loss(alive, epoch)
            standings = [Ranked(v, q, i) for i, (v, q) in enumerate(zip(values, losses, strict=True))]
            step = plan.step(number, epoch, len(alive), len(alive))
            alive = [alive[i] for i in promoted(sorted(standings), step.kept)]
            cost += (step.until - epoch) * len(alive)
            epoch, last = step.until, step.last
        finished += alive
    return selected(pool, finished, cost)


def halving(pool: Sequence[Network], metric: Metric, each: int) -> Selection:
    """The rounds of the paper: ``each`` epochs, keep the better half, two train to the end."""
    return follow(plan_for("rounds", len(pool), each), pool, metric)


def hyperband(pool: Sequence[Network], generator: random.Random) -> Selection:
    """Hyperband on loss (Li et al. 2018), the pool shared out at random over its brackets."""
    return follow(plan_for("hyperband", len(pool), 1), generator.sample(list(pool), len(pool)), loss)


def plan_for(name: str, candidates: int, each: int) -> Plan:
    """A plan of the search for a pool of this size."""
    settings = PlanSettings(candidates=candidates, first=each, each=each, eta=ETA, full=FULL)
    return PLANS[name](settings)


def selected(pool: Sequence[Network], finished: Sequence[Network], cost: float) -> Selection:
    """The best of those that trained to the end."""
    known, best = finals(pool), min(finals(finished))
    return Selection(best - min(known), cost, 1 + sum(final < best for final in known))


def drawn(pool: Sequence[Network], trained: int) -> Selection:
    """``trained`` variants drawn at random (all, of a smaller pool), trained to the end: the exact mean."""
    known, trained = sorted(finals(pool)), min(trained, len(pool))
    places = random_regret(list(range(1, len(known) + 1)), trained) + 1
    return Selection(random_regret(known, trained), FULL * trained, places)


def replays() -> list[Replay]:
    """Every way that is compared."""
    by = {
        "LSH": default_ls("l2"),
        "LSH, wasserstein": default_ls("wasserstein"),
        "loss halving": loss,
        "halving by the rank sum of both": weighted_rank(0.5),
    }
    known = [
        Replay(f"{name}, {each} + {each} epochs", name != "loss halving", _halving(metric, each))
        for name, metric in by.items()
        for each in SCHEDULES
    ]
    known.append(Replay("successive halving on loss, one of three", False, _successive))
    known.append(Replay("Hyperband on loss", False, hyperband, random=True))
    known += [
        Replay(f"random, {count} trained", False, lambda pool, _, count=count: drawn(pool, count))
        for count in (1, 2, 4, 6)
    ]
    known.append(Replay("all trained", False, lambda pool, _: selected(pool, pool, FULL * len(pool))))
    return known


def outcome(replay: Replay, pool: Sequence[Network]) -> Selection:
    """Where it ends on the pool, the mean over draws if it draws."""
    generator = random.Random(0)
    count = DRAWS if replay.random else 1
    return _mean([replay.run(pool, generator) for _ in range(count)])


def over_subpools(replay: Replay, pool: Sequence[Network]) -> Selection:
    """The mean over random two thirds of the pool, the same ones for every replay.

    One pool is one draw: a search that happens to keep its best variant may owe it to luck.
    """
    generator = random.Random(1)
    size = max(3, round(len(pool) * 2 / 3))
    parts = [generator.sample(list(pool), size) for _ in range(SUBPOOLS)]
    return _mean([replay.run(part, random.Random(i)) for i, part in enumerate(parts)])


def _halving(metric: Metric, each: int) -> Callable[[Sequence[Network], random.Random], Selection]:
    return lambda pool, _: halving(pool, metric, each)


def _successive(pool: Sequence[Network], _: random.Random) -> Selection:
    return follow(plan_for("halving", len(pool), 1), pool, loss)


def _mean(found: Sequence[Selection]) -> Selection:
    count = len(found)
    return Selection(
        sum(s.regret for s in found) / count,
        sum(s.cost for s in found) / count,
        sum(s.place for s in found) / count,
    )
