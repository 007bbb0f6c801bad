"""The published plans by hand, and what a budget buys."""

from dataclasses import replace

import pytest

from hyperprune.search.plans import PLANS, PlanSettings, epochs, rankings
from hyperprune.search.plans.affordable import affordable
from hyperprune.search.plans.hyperband import published_sizes
from hyperprune.search.plans.pool_budgets import planned_cost

PAPER = PlanSettings(candidates=40, first=3, each=3, eta=3, full=100)


def _shown(name: str, settings: PlanSettings) -> list[tuple[int, int, int]]:
    return [(r.bracket, r.candidates, r.until) for r in rankings(PLANS[name](settings))]


def test_rounds_are_those_of_the_paper() -> None:
    assert _shown("rounds", PAPER) == [
        (0, 40, 3),
        (0, 20, 6),
        (0, 10, 9),
        (0, 5, 12),
        (0, 3, 15),
        (0, 2, 100),
    ]
    assert epochs(PLANS["rounds"](PAPER)) == 404 == planned_cost(40, 3, 3, 100).search


def test_full_trains_everyone() -> None:
    assert _shown("full", PAPER) == [(0, 40, 3), (0, 40, 100)]
    assert epochs(PLANS["full"](PAPER)) == 4000


def test_successive_halving_by_hand() -> None:
    """27 candidates, eta 3, at most 27 epochs: 27, 9, 3 and 1 candidates to 1, 3, 9 and 27 epochs."""
    settings = PlanSettings(candidates=27, first=1, each=1, eta=3, full=27)
    assert _shown("halving", settings) == [(0, 27, 1), (0, 9, 3), (0, 3, 9), (0, 1, 27)]
    assert epochs(PLANS["halving"](settings)) == 27 + 9 * 2 + 3 * 6 + 18


def test_hyperband_of_its_paper() -> None:
    """Table 1 of Li et al. 2018: R = 81, eta = 3."""
    settings = PlanSettings(candidates=0, first=1, each=1, eta=3, full=81)
    assert published_sizes(settings) == (81, 34, 15, 8, 5)
    whole = replace(settings, candidates=81 + 34 + 15 + 8 + 5)
    assert _shown("hyperband", whole) == [
        *[(0, 81, 1), (0, 27, 3), (0, 9, 9), (0, 3, 27), (0, 1, 81)],
        *[(1, 34, 3), (1, 11, 9), (1, 3, 27), (1, 1, 81)],
        *[(2, 15, 9), (2, 5, 27), (2, 1, 81)],
        *[(3, 8, 27), (3, 2, 81)],
        *[(4, 5, 81), (4, 5, 81)],
    ]


def test_hyperband_leaves_out_the_brackets_that_few_candidates_do_not_fill() -> None:
    brackets = [PLANS["hyperband"](replace(PAPER, candidates=n)).brackets for n in (1, 10, 20, 49)]
    assert [[b.candidates for b in chosen] for chosen in brackets] == [[1], [10], [14, 6], [27, 12, 6, 4]]
    assert [b.until for b in brackets[3]] == [4, 11, 33, 100]


@pytest.mark.parametrize("name", PLANS)
@pytest.mark.parametrize("budget", [100, 404, 504, 2000])
def test_a_budget_buys_as_many_candidates_as_it_can(name: str, budget: int) -> None:
    found = affordable(PLANS[name], PAPER, budget)
    cost = {n: epochs(PLANS[name](replace(found, candidates=n))) for n in range(1, 700)}
    assert cost[found.candidates] <= budget or found.candidates == 1
    assert all(cost[n] > budget for n in cost if n > found.candidates)


def test_the_budget_of_the_paper_buys_five_candidates_trained_to_the_end() -> None:
    assert affordable(PLANS["full"], PAPER, 504).candidates == 5


def test_hyperband_opens_no_bracket_that_the_budget_does_not_pay_for() -> None:
    """404 epochs and the dense reference's 100 go to two brackets, and nearly all are spent."""
    found = affordable(PLANS["hyperband"], PAPER, 504)
    plan = PLANS["hyperband"](found)
    assert len(plan.brackets) == 2
    assert 504 - 25 < epochs(plan) <= 504
    assert len(PLANS["hyperband"](affordable(PLANS["hyperband"], PAPER, 2000)).brackets) == 4
