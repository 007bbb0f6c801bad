from collections.abc import Container

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hyperprune.search.plans import PlanSettings, budgets, planned_cost
from hyperprune.search.plans.rounds import Rounds
from hyperprune.search.rounds.round import Ranked, promoted


def test_published_plan() -> None:
    """40 candidates, 3 epochs a round, finals to 100 (DESIGN, section 5)."""
    assert [r.candidates for r in budgets(40, 3, 3)] == [40, 20, 10, 5, 3]
    assert [r.until for r in budgets(40, 3, 3)] == [3, 6, 9, 12, 15]
    cost = planned_cost(40, 3, 3, 100)
    assert (cost.search, cost.with_dense, cost.exhaustive) == (404, 504, 4000)


def test_plan_of_eight_by_hand() -> None:
    assert [(r.candidates, r.until) for r in budgets(8, 1, 2)] == [(8, 1), (4, 3)]
    assert planned_cost(8, 1, 2, 10).search == 8 * 1 + 4 * 2 + 2 * 7


@pytest.mark.parametrize("pool", [1, 2])
def test_small_pools_go_straight_to_the_finals(pool: int) -> None:
    assert budgets(pool, 3, 3) == budgets(pool, 3, 99)
    assert planned_cost(pool, 3, 3, 10).search == pool * 10


def _promoted(standings: list[Ranked], left_out: Container[int] = ()) -> list[int]:
    """By the rounds of the paper."""
    order = sorted(standings)
    plan = Rounds(PlanSettings(candidates=len(order), first=1, each=1, eta=2, full=99))
    return promoted(order, plan.step(0, 1, len(order), len(order)).kept, left_out)


def test_ties_go_by_validation_loss_then_number() -> None:
    standings = [Ranked(1.0, 5.0, 0), Ranked(1.0, 4.0, 3), Ranked(1.0, 4.0, 2), Ranked(0.5, 9.0, 1)]
    assert [s.number for s in sorted(standings)] == [1, 2, 3, 0]
    assert _promoted(standings) == [1, 2]


def test_two_are_left_alone() -> None:
    assert _promoted([Ranked(2.0, 0.0, 0), Ranked(1.0, 0.0, 1)]) == [1, 0]


def test_who_is_left_out_gives_its_place_to_the_next() -> None:
    five = [Ranked(float(number), 0.0, number) for number in range(5)]
    assert _promoted(five, {0: 1}) == [1, 2, 3]
    assert _promoted(five, {1, 2, 3}) == [0, 4], "no one is there to take the third place"
    assert _promoted(five[:2], {1}) == [0]


@given(st.lists(st.tuples(st.floats(0, 9), st.floats(0, 9)), min_size=3, max_size=60))
def test_the_better_half_goes_on(values: list[tuple[float, float]]) -> None:
    standings = [Ranked(metric, loss, number) for number, (metric, loss) in enumerate(values)]
    chosen = set(_promoted(standings))
    assert len(chosen) == -(-len(standings) // 2)
    kept = [s for s in standings if s.number in chosen]
    fallen = [s for s in standings if s.number not in chosen]
    assert all(good < bad for good in kept for bad in fallen)
