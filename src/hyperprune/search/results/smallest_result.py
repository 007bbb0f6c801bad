"""What the search for the smallest network found. No times, dates, hosts or paths, as in other results."""

from typing import Literal

from pydantic import Field

from hyperprune.search.results.final_network import Record
from hyperprune.tasks import Score
from hyperprune.training.trained import Naive
from hyperprune.training.verdict.verdict import Verdict

SCHEMA = 1


class Size(Record):
    """A network on the validation part."""

    live: int = Field(description="Live weights, biases included.")
    valid_score: float = Field(description="At its best epoch.")


class Probe(Record):
    """The search at one sparsity."""

    sparsity: float
    folder: str = Field(description="Its run folder, in that of the whole.")
    passes: bool = Field(description="Whether the worse end of its interval lies within the tolerance.")
    selected: int | None = Field(description="Number of the best finalist; none if all failed.")
    network: Size | None = Field(description="The selected network; none likewise.")
    verdict: Verdict | None = Field(description="Against the dense one on the validation part.")
    small_dense: Size | None = Field(
        description="A dense network with as many weights; none where the task offers none, or it failed."
    )
    epochs: int = Field(description="That its candidates trained.")


class Probes(Record):
    """Those that were made so far, in the order in which they were: probes.json."""

    schema_version: int = SCHEMA
    digest: str = Field(description="Of the configuration.")
    probes: tuple[Probe, ...] = ()


class Confirmed(Record):
    """What the test part says, read once for the chosen sparsity alone."""

    verdict: Verdict = Field(description="The selected network against the dense one.")
    dense: float = Field(description="Test score of the dense network.")
    selected: float = Field(description="Of the selected one.")
    small_dense: float | None = Field(description="Of the dense one with as many weights.")


class SmallestResult(Record):
    """The sparsest network within the tolerance: result.json of its run folder."""

    schema_version: int = SCHEMA
    kind: Literal["smallest"] = "smallest"
    score: Score = Field(description="What the scores are called, and which way is better.")
    naive: Naive | None = Field(description="What is reached without a network.")
    tolerance: float = Field(description="Share of the dense score that counts as level.")
    grid: tuple[float, ...] = Field(
        description="Sparsities that could be chosen: those that leave each matrix a weight."
    )
    dense: Size = Field(description="The dense reference.")
    dense_epochs: int = Field(description="That it trained; 0 for one that was given.")
    probes: tuple[Probe, ...] = Field(description="The searches, in the order in which they were made.")
    sparsity: float | None = Field(description="The chosen one; none if not even the least one passes.")
    confirmed: Confirmed | None = Field(description="None likewise.")

    @property
    def chosen(self) -> Probe | None:
        """The search at the chosen sparsity."""
        return next((probe for probe in self.probes if probe.sparsity == self.sparsity), None)

    @property
    def epochs(self) -> int:
        """All training, yardsticks left out."""
        return self.dense_epochs + sum(probe.epochs for probe in self.probes)
