import pytest

from hyperprune.tasks import Recipe


def test_milestones_count_from_the_first_epoch() -> None:
    recipe = Recipe(learning_rate=20.0, milestones=(3, 5), milestone_factor=0.5)
    assert [recipe.learning_rate_at(epoch) for epoch in range(1, 7)] == [20, 20, 10, 10, 5, 5]


def test_unknown_optimiser_lists_the_known_ones() -> None:
    with pytest.raises(ValueError, match="unknown optimiser 'sdg': choose one of"):
        Recipe(optimizer="sdg")
