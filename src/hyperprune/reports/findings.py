"""What a report draws: everything that a run has measured, finished or not, as one record."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from hyperprune.search import FinalNetwork, RoundResult, SearchConfig, SearchResult, Timings
from hyperprune.tasks import Score

DENSE = "dense"


@dataclass(frozen=True)
class NetworkRecord:
    """A network and what was measured of it, one entry an epoch.

    Attributes:
        name: ``dense``, or the candidate's number.
        standing: ``dense``, one of a ``Standing``, or ``running`` in a search
            that has not ended.
        variant: its pruning choices; None for the dense network.
        train_loss: mean loss of each epoch.
        valid_score: of the validation part.
        ls_distance: distance to the dense spectrum of the same epoch, nats a step; shorter where that is
            missing.
        live_weights: by matrix, gates apart; empty where the run did not record it.
        metric: what ranked it after the first epochs; None if it failed.
        spread: standard deviation of that over its seeds; None for one.
        rounds: rounds it trained in.
        final: set once it was trained to the full budget and the search has ended.
        note: why it failed, or which candidate it repeats.
    """

    name: str
    standing: str
    variant: Mapping[str, Any] | None = None
    train_loss: tuple[float, ...] = ()
    valid_score: tuple[float, ...] = ()
    ls_distance: tuple[float, ...] = ()
    live_weights: tuple[Mapping[str, int], ...] = ()
    metric: float | None = None
    spread: float | None = None
    rounds: int = 0
    final: FinalNetwork | None = None
    note: str = ""

    @property
    def epochs(self) -> int:
        """Epochs trained."""
        return len(self.train_loss)


@dataclass(frozen=True, eq=False)
class Findings:
    """A run.

    Attributes:
        config: its configuration.
        dense: the dense reference.
        candidates: in order of their number.
        rounds: the rankings so far.
        spectra: mean exponents in nats a step, ``(n,)`` float64, by network and epoch; not of duplicates.
        layer: ``(n,)``, the layer of each exponent, from 1; None without spectra.
        result: none while the search has not ended.
        timings: None if they are not there.
        dead: directions that zeros of the weights kill, of the spectra, by network and epoch; only where
            there are any.
    """

    config: SearchConfig
    dense: NetworkRecord
    candidates: tuple[NetworkRecord, ...]
    rounds: tuple[RoundResult, ...]
    spectra: Mapping[str, Mapping[int, Tensor]]
    layer: Tensor | None
    result: SearchResult | None
    timings: Timings | None
    dead: Mapping[str, Mapping[int, int]] = field(default_factory=dict)

    @property
    def score(self) -> Score:
        """What the scores are called."""
        return self.config.described.judged_by

    @property
    def sizes(self) -> Mapping[str, int]:
        """Weights of each matrix and gate of the dense network; empty where the run did not record them."""
        return self.dense.live_weights[0] if self.dense.live_weights else {}

    @property
    def first_epoch(self) -> int:
        """The epoch that pictures call the first: that of the first ranking, or 1 if it was of untrained
        networks.
        """
        return max(1, self.config.search.first_epochs)

    @property
    def brackets(self) -> int:
        """How many brackets have been ranked: one, unless the plan is Hyperband."""
        return len({ranking.bracket for ranking in self.rounds})

    @property
    def distinct(self) -> list[NetworkRecord]:
        """Candidates that repeat no other."""
        return [candidate for candidate in self.candidates if candidate.standing != "duplicate"]

    @property
    def networks(self) -> dict[str, NetworkRecord]:
        """The dense reference and the distinct candidates, by name."""
        return {network.name: network for network in (self.dense, *self.distinct)}

    @property
    def leading(self) -> NetworkRecord | None:
        """The selected candidate, or the one that leads so far."""
        chosen = [c for c in self.candidates if c.standing == "selected"]
        if not chosen and self.rounds:
            chosen = [c for c in self.candidates if c.name in map(str, self.rounds[-1].promoted[:1])]
        return chosen[0] if chosen else None
