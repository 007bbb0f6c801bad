"""What a report draws: everything that a run has measured, finished or not, as one record."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from hyperprune.search import FinalNetwork, RoundResult, SearchConfig, SearchResult, Timings
from hyperprune.search.config.families import DENSE as DENSE_START
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
        ls_distance: distance to the spectrum that it is compared with, nats a step; shorter where that is
            missing.
        initial_score: of the validation part, before any training; None where that was not measured.
        initial_distance: like ``ls_distance``, before any training.
        family: in a search with families, that of a candidate.
        first_epoch: epochs that it had trained at its first ranking.
        origin: epoch of the dense network that it starts from, and whose spectrum all of its own are compared
            with; None where that is the dense spectrum of the same epoch.
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
    initial_score: float | None = None
    initial_distance: float | None = None
    family: str | None = None
    first_epoch: int = 1
    origin: int | None = None
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

    def score_at(self, epoch: int) -> float | None:
        """Validation score after an epoch; 0 for before any training."""
        return self.initial_score if epoch == 0 else _entry(self.valid_score, epoch)

    def distance_at(self, epoch: int) -> float | None:
        """LS distance likewise."""
        return self.initial_distance if epoch == 0 else _entry(self.ls_distance, epoch)

    @property
    def reached_gradually(self) -> bool:
        """Whether its masks are reached little by little: untrained, it was measured with the last ones."""
        return self.variant is not None and self.variant.get("density_schedule") == "gradual"


def _entry(values: tuple[float, ...], epoch: int) -> float | None:
    return values[epoch - 1] if len(values) >= epoch else None


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
    def families(self) -> dict[str, list[NetworkRecord]]:
        """The distinct candidates by family, as words; one group in a search without families."""
        found: dict[str, list[NetworkRecord]] = {}
        for candidate in self.distinct:
            found.setdefault(family_words(candidate.family), []).append(candidate)
        return found

    @property
    def several_brackets(self) -> bool:
        """Whether more than one pool has been ranked: those of families, or the brackets of Hyperband."""
        return len({ranking.bracket for ranking in self.rounds}) > 1

    def bracket_words(self, bracket: int) -> str:
        """What to call one of several pools: by its family, by its number from 1, or both."""
        families = self.config.each_family
        own = next(family for family in reversed(families) if family.bracket <= bracket)
        number = f"bracket {bracket - own.bracket + 1}"
        if len(families) == 1:
            return number
        words = family_words(own.name)
        return words if len(own.plan.brackets) == 1 else f"{words}, {number}"

    def dense_epoch(self, name: str, epoch: int) -> int:
        """Epoch of the dense network whose spectrum that of a network after ``epoch`` is compared with."""
        network = self.networks.get(name)
        return epoch if network is None or network.origin is None else network.origin

    def compared(self, name: str) -> dict[int, Tensor]:
        """The dense spectra that those of a network are compared with, by its own epochs."""
        dense = self.spectra.get(DENSE, {})
        places = {epoch: self.dense_epoch(name, epoch) for epoch in self.spectra.get(name, {})}
        return {epoch: dense[place] for epoch, place in places.items() if place in dense}

    @property
    def distinct(self) -> list[NetworkRecord]:
        """Candidates that repeat no other."""
        return [candidate for candidate in self.candidates if candidate.standing != "duplicate"]

    @property
    def networks(self) -> dict[str, NetworkRecord]:
        """The dense reference and the distinct candidates, by name."""
        return {network.name: network for network in (self.dense, *self.distinct)}

    @property
    def on_their_way(self) -> dict[str, Mapping[int, Tensor]]:
        """Spectra of networks as they train; untrained, what is pruned gradually had masks of its end."""
        found = dict(self.spectra)
        for name, by_epoch in self.spectra.items():
            if self.networks[name].reached_gradually and len(by_epoch) > 1:
                found[name] = {epoch: mean for epoch, mean in by_epoch.items() if epoch > 0}
        return found

    @property
    def leading(self) -> NetworkRecord | None:
        """The selected candidate, or the one that leads so far."""
        chosen = [c for c in self.candidates if c.standing == "selected"]
        if not chosen and self.rounds:
            chosen = [c for c in self.candidates if c.name in map(str, self.rounds[-1].promoted[:1])]
        return chosen[0] if chosen else None


def after(epoch: int) -> str:
    """When something was measured."""
    return f"after epoch {epoch}" if epoch else "before any training"


def capital(words: str) -> str:
    """With a capital in front, and all else as it is."""
    return words[:1].upper() + words[1:]


def family_words(name: str | None) -> str:
    """What a reader calls the candidates of a family."""
    return {None: "", DENSE_START: "from the dense network"}.get(name, f"from {name}")
