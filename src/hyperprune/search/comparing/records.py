"""What a comparison of searches and trainings says, as records that JSON can hold."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from hyperprune.tasks import Score


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ConfidenceInterval(_Record):
    """A statistic with its 95 % bootstrap interval over candidates; all None where it is undefined."""

    value: float | None
    low: float | None
    high: float | None


class Point(_Record):
    """The best network so far, after a part of a search."""

    epochs: int = Field(description="Epochs trained until then, the dense reference where it is charged.")
    seconds: float | None = Field(description="Seconds of training; None without timings.")
    valid_score: float = Field(description="Best validation score of any network so far.")


class ComparedRun(_Record):
    """One search, or one training, beside the others."""

    name: str = Field(description="Folder.")
    kind: Literal["search", "train"] = Field("search", description="What made it.")
    plan: str = Field(description="Who trained how far; train for a training.")
    metric: str = Field(description="What ranked the candidates; none for a training.")
    sampler: str = Field(description="What suggested them; none for a training.")
    seed: int = Field(description="Root seed.")
    seeds: int = Field(description="Trainings of each candidate.")
    candidates: int = Field(description="Suggestions.")
    distinct: int = Field(description="Of them different.")
    epochs: int = Field(
        description="Epochs that were charged: of the candidates, and of the dense reference "
        "where the metric looks at it."
    )
    seconds: float | None = Field(
        description="Their seconds of training, over all workers; None without timings."
    )
    selected: int | None = Field(description="The selected candidate.")
    valid_score: float | None = Field(description="Its validation score, the mean over its seeds.")
    spread: float | None = Field(description="Standard deviation over its seeds; None for one.")
    test_score: float | None = Field(description="Its test score, the mean over its seeds.")
    regret: float | None = Field(
        description="How much worse its validation score is than the best known one; none for a training "
        "that is dense or of another sparsity."
    )
    at_equal_cost: float | None = Field(
        description="Best validation score of any network by the epochs that the cheapest search took."
    )
    path: tuple[Point, ...] = Field(description="The best network so far, in the order of training.")
    network: str | None = Field(None, description="What a training trained, in words; none for a search.")


class EarlyRank(_Record):
    """How an early metric at an early epoch ranks the candidates whose final score is known."""

    metric: str
    epoch: int = Field(description="0 at initialisation.")
    candidates: int = Field(description="How many are ranked.")
    spearman: ConfidenceInterval
    kendall: ConfidenceInterval


class SearchComparison(_Record):
    """Searches and trainings side by side."""

    score: Score
    runs: tuple[ComparedRun, ...]
    equal_epochs: int = Field(description="Epochs of the cheapest search, or training where there is none.")
    dense_valid_score: float | None = Field(
        description="Of the first search's dense reference, or the first dense training where there is none."
    )
    best_known: float | None = Field(
        description="Best final validation score of any candidate of any search, or of a training at their "
        "sparsity."
    )
    early: tuple[EarlyRank, ...] = Field(
        description="Over all candidates with a known final score, whichever search trained them."
    )
