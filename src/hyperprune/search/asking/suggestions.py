"""What the optimiser has suggested, from the trials that the study holds."""

from collections.abc import Sequence
from dataclasses import dataclass

from optuna.trial import FrozenTrial

from hyperprune.search.space.choice import Choice
from hyperprune.search.space.space import SpaceConfig


@dataclass(frozen=True)
class Suggestion:
    """A choice to be trained, or one that has been told.

    Attributes:
        number: of its trial.
        choice: the suggestion.
        suggested_by: what the optimiser was told of earlier ones when it made it.
        value: what it was told of this one; None if it failed or has not been told.
    """

    number: int
    choice: Choice
    suggested_by: str
    value: float | None = None


def suggestions(
    trials: Sequence[FrozenTrial], space: SpaceConfig, density: float, told: str
) -> list[Suggestion]:
    """What has been told, in order of number.

    Args:
        trials: of the study.
        space: what they were chosen from.
        density: live share of every variant.
        told: the ranking whose values the study holds.
    """
    return [
        Suggestion(
            number,
            space.choice(trial.params, density),
            str(trial.user_attrs.get("suggested_by", told)),
            trial.value,
        )
        for number, trial in enumerate(trials)
    ]
