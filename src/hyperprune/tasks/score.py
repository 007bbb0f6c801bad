"""What a task's number is called, and which way is better; inside, smaller is better everywhere."""

import math
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Score(BaseModel):
    """The number that networks are judged by.

    Training keeps a *loss* of every network, smaller for better ones. It is the number that the task gives,
    its sign turned where higher is better. People read the *score*: the same number, or the exponential of
    a mean loss in nats.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field("loss", min_length=1, max_length=60, description="Such as perplexity or error rate.")
    short: str | None = Field(None, description="For headings of tables; None for the name.")
    better: Literal["lower", "higher"] = Field("lower", description="Which way is better.")
    exponential: bool = Field(
        False, description="Whether people read the exponential of what the task gives, nats an item."
    )
    decimals: int | None = Field(None, ge=0, le=12, description="Shown; None for four digits in all.")

    @property
    def heading(self) -> str:
        """The name where there is little room."""
        return self.short or self.name

    @property
    def title(self) -> str:
        """The name at the beginning of a line."""
        return self.name[0].upper() + self.name[1:]

    def signed(self, number: float) -> float:
        """A task's number or a score, smaller for better ones."""
        return -number if self.better == "higher" else number

    def shown(self, loss: float) -> float:
        """The score of a loss, finite also where training went wrong."""
        number = self.signed(loss)
        return math.exp(min(number, 700.0)) if self.exponential else number

    def text(self, score: float) -> str:
        """A score as people write it."""
        if abs(score) >= 1e8:  # of a network that went wrong: its digits say nothing
            return f"{score:.3g}"
        return f"{score:.4g}" if self.decimals is None else f"{score:.{self.decimals}f}"


PERPLEXITY = Score(name="perplexity", short="ppl", exponential=True, decimals=2)
