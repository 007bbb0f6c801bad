"""The search: dense reference, pool, halving rounds, finals, one look at the test part."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from hyperprune import files, versions
from hyperprune.errors import ConfigurationError
from hyperprune.executors import Executor, InProcess, make
from hyperprune.search.config.preflight import preflight
from hyperprune.search.config.search_config import SearchConfig
from hyperprune.search.metrics.early import Parts
from hyperprune.search.plans import Bracket
from hyperprune.search.results.folder import RunFolder
from hyperprune.search.results.result import SearchResult
from hyperprune.search.results.round_result import RoundResult
from hyperprune.search.results.rounds_file import store_rounds
from hyperprune.search.results.timings import save_timings
from hyperprune.search.rounds.candidate import Candidate
from hyperprune.search.rounds.chooser import Chooser, Outcome
from hyperprune.search.rounds.controls import Controls
from hyperprune.search.rounds.events import CandidateEnded, Event, Listener, RoundBegan
from hyperprune.search.rounds.jobs import Trainer, Wanted
from hyperprune.search.rounds.round import Ranked, decided, ranked
from hyperprune.search.rounds.same_dynamics import left_out
from hyperprune.search.rounds.suggestions import Suggestion
from hyperprune.search.rounds.summary import selected, summarise
from hyperprune.training.run_folder import CONFIG

logger = logging.getLogger(__name__)


def folder_of(config: SearchConfig, out: Path | str | None) -> Path:
    """Where a search is kept: the given folder, or one named by the digest of its configuration.

    Raises:
        ConfigurationError: none is given, and the digest cannot tell this task from others of its class.
    """
    if out is None and not config.described.distinct:
        raise ConfigurationError(
            f"{config.described.subject} was handed over as an object whose settings cannot be read, so its "
            "run has no folder of its own: give one, as in run(config, 'runs/mine'), or name a class with "
            "settings, as in for_task(Mine, settings={...})"
        )
    return files.place(out or f"runs/{config.digest}")


def carry_out(
    config: SearchConfig,
    path: Path,
    *,
    listener: Listener = lambda _: None,
    executor: Executor | None = None,
) -> SearchResult:
    """Search in a folder, or go on there, as :func:`hyperprune.search.run` says."""
    folder = RunFolder(path)
    config = config.bound(folder.config() if (path / CONFIG).exists() else None)
    done = folder.result_of(config)
    if done is not None:
        return done
    preflight(config)
    Trainer(config, folder, InProcess()).check()
    listener = _one_at_a_time(listener)
    with folder.held(config):
        done = folder.result()
        if done is not None:
            return done
        versions.record(folder.path, versions.versions("optuna", device=config.runtime.device))
        with _started(config, listener, executor) as running:
            result = Search(config, folder, running, listener).run()
        # the result goes last: where it stands, nothing is missing
        names = [control.name for control in result.controls]
        save_timings(folder, [c.number for c in result.candidates], config.search.seeds, names)
        folder.save_result(result)
        return result


@contextmanager
def _started(config: SearchConfig, listener: Listener, given: Executor | None) -> Iterator[Executor]:
    """The given executor, or the configured one, which ends with all its jobs however the search ends."""
    if given is not None:
        yield given
        return
    executor = make(config.runtime.executor, config.runtime.jobs, listener)
    try:
        yield executor
    finally:
        executor.close()


def _one_at_a_time(listener: Listener) -> Listener:
    """Events of the search and of several workers, never two at once."""
    lock = threading.RLock()

    def listen(event: Event) -> None:
        with lock:
            listener(event)

    return listen


class Search:
    """One search in a folder that this process holds.

    Args:
        config: the search.
        folder: its folder.
        executor: where jobs run.
        listener: hears about rounds and candidates.
    """

    def __init__(
        self, config: SearchConfig, folder: RunFolder, executor: Executor, listener: Listener
    ) -> None:
        self._config, self._folder, self._listener = config, folder, listener
        self._trainer = Trainer(config, folder, executor, listener)
        self._plan, self._metric = config.plan, self._trainer.metric
        self._score = config.described.judged_by
        self._rounds: list[RoundResult] = []
        self._finalists: list[int] = []
        self._candidates: dict[int, Candidate] = {}
        self._first_of: dict[str, int] = {}  # number of the first candidate with a canonical choice

    def run(self) -> SearchResult:
        """All stages in order; the dense reference trains beside them."""
        self._listener(RoundBegan("dense", 1, 0 if self._config.reference else self._config.recipe.epochs))
        dense = self._trainer.dense()
        dense.check()
        chooser = self._chooser()
        for number, bracket in enumerate(self._plan.brackets):
            self._go_through(number, self._pool(chooser, number, bracket), bracket.until)
        candidates, trained = list(self._candidates.values()), dense.trained()
        best = selected(candidates, self._finalists)
        compared = Controls(self._config, self._folder, self._trainer, self._listener)
        result = summarise(
            self._config,
            self._folder,
            self._trainer,
            trained,
            candidates,
            self._rounds,
            self._finalists,
            [] if best is None else compared.train(trained, best),
        )
        chooser.note_selected(result.selected)
        return result

    def _chooser(self) -> Chooser:
        config = self._config
        return Chooser(
            self._folder.database, config.search, config.space, config.density, config.seed, self._metric
        )

    def _pool(self, chooser: Chooser, number: int, bracket: Bracket) -> list[Candidate]:
        """Train the candidates of a bracket until its first ranking, and tell the optimiser."""
        name = "pool" if len(self._plan.brackets) == 1 else f"bracket {number + 1}"
        self._listener(RoundBegan(name, bracket.candidates, bracket.until))
        begin = len(self._candidates)
        stop = begin + bracket.candidates
        known = chooser.known()[begin:stop]
        for _ in self._first_round(known, bracket.until):
            pass
        stale = chooser.told != self._config.search.told or self._disagree(known)
        if stale and len(self._candidates) == len(chooser.known()):  # it hears the new metric for all
            chooser.retell([_outcome(candidate) for candidate in self._candidates.values()])
        while batch := chooser.ask(stop):
            for candidate in self._first_round(batch, bracket.until):
                chooser.tell(_outcome(candidate))
        return [self._candidates[n] for n in range(begin, stop) if self._candidates[n].duplicate_of is None]

    def _disagree(self, known: list[Suggestion]) -> bool:
        """Whether the study holds other values than the histories of the networks give."""
        if self._metric.scores is not None:  # compares candidates: no value of one alone
            return False
        other = [one.number for one in known if _outcome(self._candidates[one.number]).value != one.value]
        if other:
            shown = ", ".join(map(str, other[:5]))
            logger.warning(
                "%s holds other values than the histories of candidates %s: it is told those",
                self._folder.database,
                shown,
            )
        return bool(other)

    def _first_round(self, suggestions: list[Suggestion], until: int) -> Iterator[Candidate]:
        """Train suggestions, those that repeat an earlier one excepted."""
        fresh = [s for s in suggestions if self._first_of.setdefault(s.choice.key(), s.number) == s.number]
        trained = self._trainer.train(Wanted(s.number, s.choice, until) for s in fresh)
        for suggestion in suggestions:
            number, first = suggestion.number, self._first_of[suggestion.choice.key()]
            if first == number:
                reached = next(trained)
                candidate = Candidate(number, suggestion.choice, reached.histories, reached.parts)
                candidate = replace(candidate, pool_spread=candidate.spread)
                note = ""
            else:
                candidate = replace(self._candidates[first], number=number, duplicate_of=first)
                candidate = replace(candidate, choice=suggestion.choice)
                note = f"same as candidate {first}"
            candidate = replace(candidate, suggested_by=suggestion.suggested_by)
            candidate = self._scored_so_far(candidate)
            self._candidates[number] = candidate
            self._tell(candidate, note)
            yield candidate

    def _go_through(self, bracket: int, alive: list[Candidate], until: int) -> None:
        """Rank and train on those that the plan keeps, until they have the full budget."""
        while True:
            entries = [candidate.entry for candidate in alive]
            order = ranked(
                entries, partial(self._metric.compared, loss_weight=self._config.search.loss_weight)
            )
            same = self._same_dynamics(order, until)
            decision = decided(self._plan, bracket, until, entries, order, same)
            step, kept = decision.step, list(decision.result.promoted)
            self._record(decision.result)
            name = "finals" if step.last else f"round {len(self._rounds)}"
            self._listener(RoundBegan(name, len(kept), step.until))
            alive, until = self._train_on([self._candidates[n] for n in kept], step.until), step.until
            if step.last:
                self._finalists += kept
            if step.last or not kept:
                return

    def _train_on(self, candidates: list[Candidate], until: int) -> list[Candidate]:
        wanted = [Wanted(candidate.number, candidate.choice, until) for candidate in candidates]
        further: list[Candidate] = []
        for candidate, reached in zip(candidates, self._trainer.train(wanted), strict=True):
            grown = replace(candidate, histories=reached.histories, parts=reached.parts)
            grown = replace(grown, rounds=candidate.rounds + 1, metric=None)
            further.append(self._scored_so_far(grown, [c.mean_parts for c in further]))
            self._candidates[candidate.number] = further[-1]
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
            others = [c.mean_parts for c in self._candidates.values()]
        parts = [*(other for other in others if other is not None), own]
        return replace(candidate, metric=self._metric.compared(parts, self._config.search.loss_weight)[-1])

    def _record(self, made: RoundResult) -> None:
        """Store a ranking, and keep in the candidates what ranked them."""
        scores = dict(zip(made.ranking, made.metric, strict=True))
        first = not any(earlier.bracket == made.bracket for earlier in self._rounds)
        for number, candidate in list(self._candidates.items()):
            owner = number if candidate.duplicate_of is None else candidate.duplicate_of
            if owner in scores and (candidate.duplicate_of is None or first):
                scored = replace(candidate, metric=scores[owner])
                self._candidates[number] = replace(scored, pool_metric=scores[owner]) if first else scored
        self._rounds.append(made)
        store_rounds(self._folder, self._config.digest, self._rounds)

    def _same_dynamics(self, order: list[Ranked], until: int) -> dict[int, int]:
        """Who does not go on because a better candidate has the same spectrum, where that is asked for."""
        config, ranking = self._config, [one.number for one in order]
        return left_out(config.search, config.seed, self._folder, ranking, until)

    def _tell(self, candidate: Candidate, note: str = "") -> None:
        """Let the listener hear how a candidate ended a stage."""
        self._listener(
            CandidateEnded(
                candidate.number,
                candidate.choice.to_dict(),
                candidate.metric,
                None if candidate.metric is None else self._score.shown(candidate.valid_loss),
                candidate.failure or note,
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
