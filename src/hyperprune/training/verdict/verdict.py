"""What is said of the selected network beside the dense one."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

TOLERANCE = 0.01  # share of the dense score that counts as level, where nothing else is said
AgainstDense = Literal["better", "level", "worse", "not learned"]


class Verdict(BaseModel):
    """The selected network against the dense one, on the test part, in the score that people read.

    The interval covers the data: another text of the same kind. It does not cover the seeds: the same search
    from other initial weights.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    against_dense: AgainstDense = Field(
        description="better: the whole interval is; level: its worse end lies within the tolerance; worse: "
        "it does not; not learned: a network is no better than none, or than before it trained."
    )
    difference: float | None = Field(
        description="Of the scores, positive where the pruned network is better; None where not a number."
    )
    low: float | None = Field(description="Worse end of the interval; None where the task gives no items.")
    high: float | None = Field(description="Better end.")
    level: float = Field(0.95, description="What the interval covers.")
    tolerance: float = Field(description="Share of the dense score that counts as level.")
    items: int | None = Field(None, description="What was drawn from; None without an interval.")
    item: str | None = Field(None, description="What they are, such as windows of 20 tokens.")
    block: int | None = Field(None, description="Neighbouring items that were drawn together.")
    reason: str | None = Field(None, description="Why nothing was learned.")
    diverged: bool = Field(
        False, description="Whether that is because a network ended no better than it began."
    )
