"""The search among the candidates of one family: pool, halving rounds, finals."""

import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

from hyperprune.search.asking.chooser import Chooser, Outcome
from hyperprune.search.asking.suggestions import Suggestion
from hyperprune.search.config.families import DENSE, Family
from hyperprune.search.config.search_config import SearchConfig
from hyperprune.search.metrics.early import Parts
from hyperprune.search.plans import Bracket
from hyperprune.search.results.folder import RunFolder
from hyperprune.search.results.round_result import RoundResult
from hyperprune.search.rounds.candidate import Candidate
from hyperprune.search.rounds.events import CandidateEnded, Listener, RoundBegan
from hyperprune.search.rounds.job_descriptions import Wanted
from hyperprune.search.rounds.jobs import Trainer
from hyperprune.search.rounds.round import Ranked, decided, ranked
from hyperprune.search.rounds.same_dynamics import equal_masks, left_out
from hyperprune.seeding import derive

logger = logging.getLogger(__name__)


class FamilySearch:
    """The search of one family in a folder that this process holds.

    Args:
        config: the search.
        family: whose candidates.
        folder: its folder.
        trainer: brings networks to an epoch.
        listener: hears about rounds and candidates.
        store: keeps the rankings that were made so far; called after each.

    Attributes:
        family: whose candidates.
        candidates: by number, in order.
        rounds: the rankings so far.
        finalists: numbers of those that were trained to the full budget.
    """

    def __init__(
        self,
        config: SearchConfig,
        family: Family,
        folder: RunFolder,
        trainer: Trainer,
        listener: Listener,
        store: Callable[[], None],
    ) -> None:
        self._config, self._folder, self._listener, self._store = config, folder, listener, store
        self._trainer, self.family = trainer, family
        self._plan, self._metric = family.plan, trainer.metric(family)
        self._score = config.described.judged_by
        self.rounds: list[RoundResult] = []
        self.finalists: list[int] = []
        self.candidates: dict[int, Candidate] = {}
        self._first_of: dict[str, int] = {}  # number of the first candidate with a canonical choice

    def run(self) -> None:
        """All brackets, one after the other."""
        self._chooser = chooser = self._opened()
        for number, bracket in enumerate(self._plan.brackets):
            self._go_through(number, self._pool(chooser, number, bracket), bracket.until)

    def note_selected(self, number: int | None) -> None:
        """Let whoever opens the study see which of its trials the search selected, if any."""
        ours = number if number in self.candidates else None
        self._chooser.note_selected(None if ours is None else ours - self.family.first)

    def _opened(self) -> Chooser:
        config, family = self._config, self.family
        seed = config.seed if family.first == 0 else derive(config.seed, "family", family.name)
        database = self._folder.study(family.name, config.families)
        return Chooser(database, family.pool, family.space, config.density, seed, self._metric)

    def _numbered(self, given: list[Suggestion]) -> list[Suggestion]:
        """Suggestions by the numbers of their candidates in place of those of their trials."""
        return [replace(one, number=one.number + self.family.first) for one in given]

    def _pool(self, chooser: Chooser, number: int, bracket: Bracket) -> list[Candidate]:
        """Train the candidates of a bracket until its first ranking, and tell the optimiser."""
        name = "pool" if len(self._plan.brackets) == 1 else f"bracket {number + 1}"
        self._began(name, bracket.candidates, bracket.until)
        begin = len(self.candidates)
        stop = begin + bracket.candidates
        known = self._numbered(chooser.known()[begin:stop])
        for _ in self._first_round(known, bracket.until):
            pass
        stale = chooser.told != self.family.pool.told or self._disagree(known)
        if stale and len(self.candidates) == len(chooser.known()):  # it hears the new metric for all
            chooser.retell([_outcome(candidate) for candidate in self.candidates.values()])
        while batch := chooser.ask(stop):
            for candidate in self._first_round(self._numbered(batch), bracket.until):
                chooser.tell(_outcome(candidate))
        members = list(self.candidates.values())[begin:stop]
        return [candidate for candidate in members if candidate.duplicate_of is None]

    def _disagree(self, known: list[Suggestion]) -> bool:
        """Whether the study holds other values than the histories of the networks give."""
        if self._metric.scores is not None:  # compares candidates: no value of one alone
            return False
        other = [one.number for one in known if _outcome(self.candidates[one.number]).value != one.value]
        if other:
            shown = ", ".join(map(str, other[:5]))
            logger.warning(
                "%s holds other values than the histories of candidates %s: it is told those",
                self._folder.study(self.family.name, self._config.families),
                shown,
            )
        return bool(other)

    def _first_round(self, suggestions: list[Suggestion], until: int) -> Iterator[Candidate]:
        """Train suggestions, those that repeat an earlier one excepted."""
        fresh = [s for s in suggestions if self._first_of.setdefault(s.choice.key(), s.number) == s.number]
        trained = self._trainer.train(self.family, (Wanted(s.number, s.choice, until) for s in fresh))
        for suggestion in suggestions:
            number, first = suggestion.number, self._first_of[suggestion.choice.key()]
            if first == number:
                reached = next(trained)
                candidate = Candidate(number, suggestion.choice, reached.histories, reached.parts)
                candidate = replace(candidate, pool_spread=candidate.spread)
                note = ""
            else:
                candidate = replace(self.candidates[first], number=number, duplicate_of=first)
                candidate = replace(candidate, choice=suggestion.choice)
                note = f"same as candidate {first}"
            candidate = replace(candidate, suggested_by=suggestion.suggested_by)
            candidate = self._scored_so_far(candidate)
            self.candidates[number] = candidate
            self._tell(candidate, note)
            yield candidate

    def _go_through(self, bracket: int, alive: list[Candidate], until: int) -> None:
        """Rank and train on those that the plan keeps, until they have the full budget."""
        while True:
            entries = [candidate.entry for candidate in alive]
            order = ranked(entries, partial(self._metric.compared, loss_weight=self.family.pool.loss_weight))
            same = self._same_dynamics(order, until)
            decision = decided(self._plan, bracket, until, entries, order, same)
            step, kept = decision.step, list(decision.result.promoted)
            self._record(decision.result)
            name = "finals" if step.last else f"round {len(self.rounds)}"
            self._began(name, len(kept), step.until)
            alive, until = self._train_on([self.candidates[n] for n in kept], step.until), step.until
            if step.last:
                self.finalists += kept
            if step.last or not kept:
                return

    def _train_on(self, candidates: list[Candidate], until: int) -> list[Candidate]:
        wanted = [Wanted(candidate.number, candidate.choice, until) for candidate in candidates]
        further: list[Candidate] = []
        for candidate, reached in zip(candidates, self._trainer.train(self.family, wanted), strict=True):
            grown = replace(candidate, histories=reached.histories, parts=reached.parts)
            grown = replace(grown, rounds=candidate.rounds + 1, metric=None)
            further.append(self._scored_so_far(grown, [c.mean_parts for c in further]))
            self.candidates[candidate.number] = further[-1]
            self._tell(further[-1])
        return further

    def _scored_so_far(self, candidate: Candidate, others: list[Parts | None] | None = None) -> Candidate:
        """The candidate with its score among those measured before it, in the pool or in its round."""
        own = candidate.mean_parts
        if own is None:
            return replace(candidate, metric=None)
        if self._metric.scores is None:
            return replace(candidate, metric=own[0])
        if others is None:
            others = [c.mean_parts for c in self.candidates.values()]
        parts = [*(other for other in others if other is not None), own]
        return replace(candidate, metric=self._metric.compared(parts, self.family.pool.loss_weight)[-1])

    def _record(self, made: RoundResult) -> None:
        """Store a ranking, and keep in the candidates what ranked them."""
        made = made.model_copy(update={"bracket": made.bracket + self.family.bracket})
        scores = dict(zip(made.ranking, made.metric, strict=True))
        first = not any(earlier.bracket == made.bracket for earlier in self.rounds)
        for number, candidate in list(self.candidates.items()):
            owner = number if candidate.duplicate_of is None else candidate.duplicate_of
            if owner in scores and (candidate.duplicate_of is None or first):
                scored = replace(candidate, metric=scores[owner])
                self.candidates[number] = replace(scored, pool_metric=scores[owner]) if first else scored
        self.rounds.append(made)
        self._store()

    def _same_dynamics(self, order: list[Ranked], until: int) -> dict[int, int]:
        """Who does not go on because a better candidate has the same masks, before any training, or the same
        spectrum, where that is asked for.
        """
        ranking, same = [one.number for one in order], dict[int, int]()
        if until == 0 and self.family.name == DENSE:
            same = equal_masks(self.candidates[number] for number in ranking)
        distinct = [number for number in ranking if number not in same]
        return same | left_out(self.family.pool, self._config.seed, self._folder, distinct, until)

    def _began(self, name: str, candidates: int, until: int) -> None:
        """Let the listener hear that a stage begins."""
        if len(self._config.families) > 1:
            name = f"{self.family.name}, {name}"
        self._listener(RoundBegan(name, candidates, until))

    def _tell(self, candidate: Candidate, note: str = "") -> None:
        """Let the listener hear how a candidate ended a stage."""
        name, parts = self._metric.first_part, candidate.mean_parts
        self._listener(
            CandidateEnded(
                candidate.number,
                candidate.choice.to_dict(),
                candidate.metric,
                None if candidate.metric is None else self._score.shown(candidate.valid_loss),
                candidate.failure or note,
                None if name is None or parts is None else (name, parts[0]),
            )
        )


def _outcome(candidate: Candidate) -> Outcome:
    """What Optuna's study is told and keeps."""
    notes: dict[str, Any] = {"variant": candidate.choice.to_dict(), "suggested_by": candidate.suggested_by}
    if candidate.duplicate_of is not None:
        notes["duplicate_of"] = candidate.duplicate_of
    if candidate.failure is not None:
        notes["failure"] = candidate.failure
    else:
        notes["valid_loss"] = candidate.valid_loss
    return Outcome(candidate.metric, candidate.mean_parts, notes)
