"""What a network measured by epoch, and what it came to."""

import math
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer

from hyperprune.tasks import Score
from hyperprune.training import EpochRecord
from hyperprune.training.trained import Trained

_NOTHING_ALIVE = "infinite"  # JSON has no such number

Distance = Annotated[
    float,
    BeforeValidator(lambda given: math.inf if given == _NOTHING_ALIVE else given),
    PlainSerializer(
        lambda value: value if math.isfinite(value) else _NOTHING_ALIVE,
        return_type=float | str,
        when_used="json",
    ),
]
"""Of two spectra; infinite where no direction is alive in both, as in one without a recurrent weight."""


class Record(BaseModel):
    """A part of a result."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Curve(Record):
    """What a network measured at the end of each epoch, in order."""

    train_loss: tuple[float, ...] = Field(
        description="Mean training loss; nats an item in language modelling."
    )
    valid_score: tuple[float, ...] = Field(description="Score of the validation part.")
    ls_distance: tuple[Distance, ...] = Field(
        description="Distance of the spectrum to the dense one of the same epoch, nats a step; "
        "shorter where the dense spectrum is missing; infinite where no direction is alive in both."
    )


class FinalNetwork(Trained):
    """A network trained to the full budget: dense, selected, or another finalist."""


def curve(epochs: tuple[EpochRecord, ...], distances: list[float], score: Score) -> Curve:
    """The curve of a history and the distances of its spectra."""
    return Curve(
        train_loss=tuple(record.train_loss for record in epochs),
        valid_score=tuple(score.shown(record.valid_loss) for record in epochs),
        ls_distance=tuple(distances),
    )
