"""What each way to search would have selected, at what cost: replays on the recorded trainings."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from networks_over import Trained
from rankings import SCRATCH, STARTED, Metric, loss

from hyperprune.search.metrics.rank_correlation import random_regret
from hyperprune.search.plans import PLANS, Plan, PlanSettings
from hyperprune.search.rounds.round import Ranked, promoted

SUBPOOLS = 300
OTHERS = {"LS full, same epoch": True, "hidden covariance": False, "Jacobian": False}  # needs dense network


@dataclass(frozen=True)
class Point:
    """Where a search ends.

    Attributes:
        way: of searching.
        cost: epochs, the dense network's charged where it is used.
        regret: loss of what is selected above that of the best of both families.
        within: above that of the best of its own family; as ``regret`` for ways that draw from both.
    """

    way: str
    cost: float
    regret: float
    within: float


Pool = Sequence[Trained]


def search_ls(network: Trained, epoch: int) -> float | None:
    """The LS distance that a search takes, known after every epoch."""
    return network.every_distance[epoch]


def follow(plan: Plan, pool: Pool, metric: Metric) -> tuple[list[Trained], int]:
    """What a search under ``plan`` trains to the end, and its epochs; brackets take the pool in order."""
    finished: list[Trained] = []
    left, cost = list(pool), 0
    for number, bracket in enumerate(plan.brackets):
        alive, left = left[: bracket.candidates], left[bracket.candidates :]
        epoch, last = bracket.until, False
        cost += epoch * len(alive)
        while not last:
            ranked = sorted(
                Ranked(metric(n, epoch) or 0.0, loss(n, epoch) or 0.0, i) for i, n in enumerate(alive)
            )
            step = plan.step(number, epoch, len(alive), len(alive))
            alive = [alive[i] for i in promoted(ranked, step.kept)]
            cost += (step.until - epoch) * len(alive)
            epoch, last = step.until, step.last
        finished += alive
    return finished, cost


def i_epoch(pool: Pool, metric: Metric, epoch: int, full: int) -> tuple[list[Trained], int]:
    """Everyone exactly so many epochs, then the best one to the end (Egele et al. 2024)."""
    best = min(pool, key=lambda network: metric(network, epoch) or 0.0)
    return [best], epoch * len(pool) + full - epoch


def curves(scratch: Pool, started: Pool, full: int, further: int) -> list[Point]:
    """Mean over random two thirds of the pools, the same ones for every way.

    Args:
        scratch: candidates from scratch.
        started: masks of the dense network, perhaps none.
        full: epochs of a candidate from scratch, and of the dense network.
        further: epochs of one that starts from it.
    """
    generator = random.Random(1)
    parts = [(_part(scratch, generator), _part(started, generator)) for _ in range(SUBPOOLS)]
    ways = _ways(len(parts[0][0]), full)
    if started:
        ways += _started_ways(full, further) + _joint_ways(len(parts[0][0]), full, further)
    sums = [[0.0, 0.0, 0.0] for _ in ways]
    for number, (one, other) in enumerate(parts):
        for place, (_, dense, run) in enumerate(ways):
            done, cost = run(one, other, random.Random(number))
            reached = min(n.final for n in done)
            drawn_from = [family for family in (one, other) if any(n in family for n in done)]
            sums[place][0] += cost + full * dense
            sums[place][1] += reached - _best(one, other)
            sums[place][2] += reached - _best(*drawn_from)
    points = [
        Point(way, *(value / SUBPOOLS for value in values))
        for (way, *_), values in zip(ways, sums, strict=True)
    ]
    apart = sum(_best(one) - _best(one, other) for one, other in parts) / SUBPOOLS
    for count in (1, 2, 4, 8):
        if count <= len(parts[0][0]):
            within = sum(random_regret([n.final for n in one], count) for one, _ in parts) / SUBPOOLS
            points.append(Point("random", count * full, within + apart, within))
    return points


def _best(*families: Pool) -> float:
    return min(network.final for family in families for network in family)


def _part(pool: Pool, generator: random.Random) -> list[Trained]:
    return generator.sample(list(pool), min(len(pool), max(3, round(len(pool) * 2 / 3))))


def _started_ways(full: int, further: int) -> "list[Way]":
    """Masks ranked before any training; the best few train on, the dense network charged."""

    def screened(metric: Metric, kept: int) -> Run:
        return lambda _, masks, __: _screened(masks, metric, kept, further)

    by = {"dense start, screened by LS": STARTED["LS hidden, to the dense network"]}
    by["dense start, screened by loss"] = loss
    return [(way, True, screened(metric, kept)) for way, metric in by.items() for kept in (1, 2, 4)]


def _screened(masks: Pool, metric: Metric, kept: int, further: int) -> tuple[list[Trained], int]:
    best = sorted(masks, key=lambda n: metric(n, 0) or 0.0)[:kept]
    return best, further * len(best)


def _joint_ways(size: int, full: int, further: int) -> "list[Way]":
    """Both families as the presets have them: LSH from scratch, and the two best masks."""

    def joint(each: int) -> Run:
        plan = PLANS["rounds"](PlanSettings(candidates=size, first=each, each=each, eta=3, full=full))

        def run(scratch: Pool, masks: Pool, _: random.Random) -> tuple[list[Trained], int]:
            done, cost = follow(plan, scratch, search_ls)
            others, more = _screened(masks, loss, 2, further)
            return [*done, *others], cost + more

        return run

    return [("LSH and dense start together", True, joint(each)) for each in _steps(size, full)]


Run = Callable[[Pool, Pool, random.Random], tuple[list[Trained], int]]  # from scratch, masks
Way = tuple[str, bool, Run]  # name, whether it needs the dense network, replay


def _steps(size: int, full: int) -> list[int]:
    """Epochs of a round that leave room for the finals."""
    return [each for each in (1, 2, 3) if each * size.bit_length() < full]


def _ways(size: int, full: int) -> list[Way]:
    """Ways to search from scratch."""

    def plan(name: str, each: int) -> Plan:
        return PLANS[name](PlanSettings(candidates=size, first=each, each=each, eta=3, full=full))

    def rounds(metric: Metric, each: int) -> Run:
        return lambda pool, _, __: follow(plan("rounds", each), pool, metric)

    def exactly(metric: Metric, epoch: int) -> Run:
        return lambda pool, _, __: i_epoch(pool, metric, epoch, full)

    found: list[Way] = []
    for each in _steps(size, full):
        found += [("LSH", True, rounds(search_ls, each)), ("loss halving", False, rounds(loss, each))]
    for epoch in (epoch for epoch in (1, 2, 3, 4, 8) if epoch < full):
        found += [
            ("i-epoch, LS", True, exactly(search_ls, epoch)),
            ("i-epoch, loss", False, exactly(loss, epoch)),
        ]
        found += [
            (f"i-epoch, {name}", needs, exactly(SCRATCH[name], epoch)) for name, needs in OTHERS.items()
        ]
    found.append(
        (
            "Hyperband on loss",
            False,
            lambda pool, _, drawn: follow(plan("hyperband", 1), drawn.sample(list(pool), len(pool)), loss),
        )
    )
    return found
