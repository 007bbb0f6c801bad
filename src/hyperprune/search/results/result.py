"""What a search found. No times, dates, hosts or paths: two runs of one configuration give the same."""

from typing import Any, Literal

from pydantic import AliasChoices, Field

from hyperprune.search.results.control_result import ControlResult
from hyperprune.search.results.final_network import Curve, Distance, FinalNetwork, Record
from hyperprune.search.results.round_result import RoundResult
from hyperprune.tasks import Score
from hyperprune.training.trained import Naive
from hyperprune.training.verdict.verdict import Verdict

SCHEMA = 3
Standing = Literal["selected", "finalist", "eliminated", "failed", "duplicate"]


class GivenResult(Record):
    """A dense reference that was given, and not trained."""

    start: bool = Field(description="Whether every candidate started from its weights.")
    sha256: str | None = Field(description="SHA-256 of the file.")


class DenseResult(Record):
    """The dense reference."""

    curve: Curve
    final: FinalNetwork
    reference: GivenResult | None = Field(None, description="Set if it was given.")


class SeedResult(Record):
    """One of several trainings of a candidate, each from other initial weights."""

    seed: int = Field(ge=0, description="Which training; 0 is of the search's own seed.")
    curve: Curve
    final: FinalNetwork | None = Field(None, description="Set for finalists.")


class InitialResult(Record):
    """A candidate before its first step."""

    valid_score: float = Field(description="Score of the validation part.")
    ls_distance: Distance | None = Field(description="Distance of the spectrum to the dense one then.")


class CandidateResult(Record):
    """One suggestion of the optimiser and what became of it."""

    number: int = Field(ge=0, description="Number of the trial.")
    family: str | None = Field(
        None,
        exclude_if=lambda given: given is None,
        description="scratch or dense, in a search with families.",
    )
    variant: dict[str, Any] = Field(description="The pruning choices.")
    method: str | None = Field(
        None, description="The named method that they are, where it was chosen by name."
    )
    overrides: dict[str, float] = Field(
        {},
        description="What differs from recipe and model: learning_rate, dropout, distillation, temperature.",
    )
    standing: Standing = Field(description="What became of it.")
    duplicate_of: int | None = Field(None, description="The earlier candidate with the same choices.")
    failure: str | None = Field(None, description="Why it failed.")
    suggested_by: str | None = Field(
        None, description="The metric under which it was suggested, where that is not the result's."
    )
    pool_metric: float | None = Field(None, description="The metric after the first epochs.")
    pool_spread: float | None = Field(
        None, description="Its standard deviation over the seeds, where there are several."
    )
    rounds: int = Field(0, description="Rounds it trained in, the pool being the first.")
    initial: InitialResult | None = Field(None, description="Set where networks were ranked untrained.")
    curve: Curve
    final: FinalNetwork | None = Field(
        None, description="Set for finalists; of several seeds the one with the lowest validation loss."
    )
    seeds: tuple[SeedResult, ...] = Field((), description="Every training, where there are several.")

    @property
    def choices(self) -> dict[str, Any]:
        """All that the optimiser chose, ``method`` among it where there is one."""
        name = {} if self.method is None else {"method": self.method}
        return {**self.variant, **self.overrides, **name}

    @property
    def finals(self) -> tuple[FinalNetwork, ...]:
        """The final network of every seed."""
        several = tuple(seed.final for seed in self.seeds if seed.final is not None)
        return several or ((self.final,) if self.final is not None else ())


class FamilyCost(Record):
    """Epochs of training that one family took."""

    candidates: int = Field(description="Distinct candidates that were measured.")
    search: int = Field(description="Its candidates together.")
    charged: int = Field(description="And the dense reference, where the family uses it.")


class CostResult(Record):
    """Epochs of training that the search took."""

    search: int = Field(description="All candidates together.")
    with_dense: int = Field(description="And the dense reference.")
    exhaustive: int = Field(description="Every distinct candidate trained to the full budget instead.")
    controls: int = Field(
        0, description="Of the networks that the selected one is compared with, beside these."
    )
    families: dict[str, FamilyCost] = Field(
        {}, exclude_if=lambda given: not given, description="Each family's, in a search with families."
    )


class SearchResult(Record):
    """The whole search."""

    schema_version: int = SCHEMA
    metric: str = Field(description="What ranked the candidates.")
    plan: str = Field("rounds", description="Who trained how far.")
    score: Score = Field(description="What the scores are called, and which way is better.")
    naive: Naive | None = Field(
        None,
        validation_alias=AliasChoices("naive", "baseline"),  # what older results call it
        description="What is reached without a network.",
    )
    selected: int | None = Field(
        description="Number of the best finalist; None if all failed. The verdict says what it is worth."
    )
    verdict: Verdict | None = Field(
        None, description="The selected network against the dense one; None if nothing is selected."
    )
    dense: DenseResult
    candidates: tuple[CandidateResult, ...]
    rounds: tuple[RoundResult, ...]
    controls: tuple[ControlResult, ...] = Field(
        (), description="What the selected network is compared with beside the dense one; never selected."
    )
    cost: CostResult

    @property
    def finalists(self) -> list[CandidateResult]:
        """Candidates trained to the end, the selected one first, then by validation score."""
        found = [
            (c.standing != "selected", self.score.signed(c.final.valid_score), c.number, c)
            for c in self.candidates
            if c.final
        ]
        return [c for *_, c in sorted(found, key=lambda item: item[:3])]
