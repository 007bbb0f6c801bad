"""What every plan promises: it ends, it only ever halves, and it counts its epochs right."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hyperprune.search.plans import PLANS, PlanSettings, epochs, rankings

SETTINGS = st.builds(
    PlanSettings,
    candidates=st.integers(1, 60),
    first=st.integers(1, 5),
    each=st.integers(1, 4),
    eta=st.integers(2, 4),
    full=st.integers(30, 120),
)


@pytest.mark.parametrize("name", PLANS)
@given(settings=SETTINGS, data=st.data())
def test_a_bracket_ends_at_the_full_budget_whoever_fails(
    name: str, settings: PlanSettings, data: st.DataObject
) -> None:
    plan = PLANS[name](settings)
    assert sum(bracket.candidates for bracket in plan.brackets) == settings.candidates
    for number, bracket in enumerate(plan.brackets):
        left, until = bracket.candidates, bracket.until
        assert left >= 1
        for _ in range(100):
            left = data.draw(st.integers(0, left), label="candidates that did not fail")
            free = data.draw(st.integers(min(left, 1), left), label="that repeat no other")
            step = plan.step(number, until, left, free)
            assert 0 <= step.kept <= free
            assert (step.kept > 0) == (left > 0)
            assert until <= step.until
            left, until = step.kept, step.until
            if step.last:
                break
        assert step.last
        assert until == settings.full


@pytest.mark.parametrize("name", PLANS)
@given(settings=SETTINGS)
def test_cost_is_the_epochs_of_every_candidate(name: str, settings: PlanSettings) -> None:
    """Counted candidate by candidate: the last ranking that each takes part in says how far it trained."""
    plan, trained = PLANS[name](settings), 0
    shown = list(rankings(plan))
    for number in range(len(plan.brackets)):
        mine = [ranking for ranking in shown if ranking.bracket == number]
        for place in range(mine[0].candidates):
            trained += max(ranking.until for ranking in mine if place < ranking.candidates)
    assert epochs(plan) == trained


@pytest.mark.parametrize("name", PLANS)
@given(settings=SETTINGS)
def test_the_same_settings_give_the_same_plan(name: str, settings: PlanSettings) -> None:
    again = replace(settings)
    assert list(rankings(PLANS[name](settings))) == list(rankings(PLANS[name](again)))
