"""What every density schedule promises, and its densities at five points of the budget."""

import itertools

import pytest
import torch

from hyperprune.sparsity import DEATH, DENSITY_SCHEDULE, PruningVariant, Topology
from hyperprune.sparsity.scheduled import scheduled_deaths

# schedule: span, densities at 0, 1/4, 1/2, 3/4 and 1 of the budget on the way to 0.2
HAND = {
    "constant": (None, [0.2, 0.2, 0.2, 0.2, 0.2]),
    "gradual": ((0.25, 0.75), [1.0, 1.0, 0.2 + 0.8 / 8, 0.2, 0.2]),
    "one_shot": ((0.5, 0.5), [1.0, 1.0, 0.2, 0.2, 0.2]),
}


def test_every_schedule_has_a_case_by_hand() -> None:
    assert set(HAND) == set(DENSITY_SCHEDULE)


@pytest.mark.parametrize("schedule", HAND)
def test_five_points_by_hand(schedule: str) -> None:
    span, expected = HAND[schedule]
    rates = {} if span is None else {"schedule_span": span, "death_rate": 0.0}
    variant = PruningVariant(density=0.2, density_schedule=schedule, **rates)
    assert [variant.density_at(x / 4) for x in range(5)] == pytest.approx(expected)
    assert variant.scheduled == (span is not None)


@pytest.mark.parametrize("final", [0.01, 0.33, 1.0])
@pytest.mark.parametrize("schedule", DENSITY_SCHEDULE)
def test_a_schedule_never_rises_and_ends_at_the_final_density(schedule: str, final: float) -> None:
    rule = DENSITY_SCHEDULE[schedule]
    span = rule.span or (0.0, 0.0)
    densities = [rule.density(final, span, step / 60) for step in range(61)]
    assert all(later <= earlier for earlier, later in itertools.pairwise(densities))
    assert all(final <= density <= 1 for density in densities)
    assert all(rule.density(final, span, at) == final for at in (span[1], (1 + span[1]) / 2, 1.0))  # exactly


@pytest.mark.parametrize("rule", [name for name in DEATH if DEATH[name].follows_schedule])
def test_a_rule_that_follows_a_schedule_removes_exactly_as_many(rule: str) -> None:
    weights = {"a": torch.arange(1.0, 9.0), "b": torch.arange(5.0, 13.0)}
    masks = {name: torch.ones(8, dtype=torch.bool) for name in weights}
    topology = Topology(weights, masks, {"a": 8, "b": 8})
    for target, dead in ((16, 0), (12, 4), (8, 8), (4, 12)):
        deaths = scheduled_deaths(topology, {"a": 2, "b": 2}, target, DEATH[rule])
        assert sum(deaths.counts.values()) == dead
        assert all(0 <= count <= 8 for count in deaths.counts.values())
