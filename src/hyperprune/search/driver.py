"""The search: dense reference, pool, halving rounds, finals, one look at the test part."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from hyperprune.executors import Executor, InProcess, make
from hyperprune.search.candidate import Candidate
from hyperprune.search.chooser import Chooser, Suggestion
from hyperprune.search.config import SearchConfig
from hyperprune.search.events import CandidateEnded, Event, Listener, RoundBegan
from hyperprune.search.halving import Standing, is_final, promoted, ranked
from hyperprune.search.result import RoundResult, SearchResult
from hyperprune.search.run_folder import RunFolder
from hyperprune.search.same_dynamics import left_out
from hyperprune.search.summary import summarise
from hyperprune.search.timings import save_timings
from hyperprune.search.trainer import Trainer, Wanted
from hyperprune.training import score_named


def run(
    config: SearchConfig,
    out: Path | str | None = None,
    *,
    listener: Listener = lambda _: None,
    executor: Executor | None = None,
) -> SearchResult:
    """Search, or go on with a search that was interrupted.

    Everything that was finished is kept in the run folder and not done again, and the result is the
    same, bit for bit, as that of a run without interruption (same machine type, versions and threads).

    Args:
        config: what to search.
        out: the run folder; a new one, or one of the same configuration. ``runs/`` and a digest of the
            configuration if left out, so that the same call goes on.
        listener: hears about progress.
        executor: where jobs run; what ``[runtime]`` says by default, in this process if it says nothing.

    Raises:
        RunFolderError: the folder is in use or of another configuration.
        CorpusError: the text cannot be read or is too short.
        DivergedError: the dense reference diverged.
    """
    folder = RunFolder(Path(out or f"runs/{config.digest}").expanduser().resolve())
    config = config.bound()
    Trainer(config, folder, InProcess()).check()
    listener = _one_at_a_time(listener)
    with folder.held(config):
        done = folder.result()
        if done is not None:
            return done
        with _started(config, listener, executor) as running:
            result = Search(config, folder, running, listener).run()
        folder.save_result(result)
        save_timings(folder, [candidate.number for candidate in result.candidates])
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
        self._score = score_named(config.described)
        self._rounds: list[RoundResult] = []
        self._candidates: dict[int, Candidate] = {}
        self._first_of: dict[str, int] = {}  # number of the first candidate with a canonical variant

    def run(self) -> SearchResult:
        """All stages in order; the dense reference trains beside them."""
        self._listener(RoundBegan("dense", 1, self._config.recipe.epochs))
        dense = self._trainer.dense()
        dense.check()
        self._pool()
        self._halve()
        self._finals()
        return summarise(
            self._config,
            self._folder,
            self._trainer,
            dense.trained(),
            list(self._candidates.values()),
            self._rounds,
        )

    def _pool(self) -> None:
        pool, config = self._config.search, self._config
        self._listener(RoundBegan("pool", pool.candidates, pool.first_epochs))
        chooser = Chooser(self._folder.database, pool, config.space, config.density, config.seed)
        for _ in self._first_round(chooser.known()[: pool.candidates]):
            pass
        if chooser.told != pool.told:  # extended by another metric: the optimiser hears it for all candidates
            chooser.retell([(c.metric, _attributes(c)) for c in self._candidates.values()])
        while batch := chooser.ask():
            for candidate in self._first_round(batch):
                chooser.tell(candidate.metric, _attributes(candidate))

    def _first_round(self, suggestions: list[Suggestion]) -> Iterator[Candidate]:
        """Train suggestions, those that repeat an earlier one excepted."""
        until = self._config.search.first_epochs
        fresh = [s for s in suggestions if self._first_of.setdefault(s.variant.key(), s.number) == s.number]
        trained = self._trainer.train(Wanted(s.number, s.variant, until) for s in fresh)
        for suggestion in suggestions:
            number, first = suggestion.number, self._first_of[suggestion.variant.key()]
            if first == number:
                history, metric = next(trained)
                candidate = Candidate(number, suggestion.variant, history, metric, pool_metric=metric)
                note = ""
            else:
                candidate = replace(self._candidates[first], number=number, duplicate_of=first)
                candidate = replace(candidate, variant=suggestion.variant)
                note = f"same as candidate {first}"
            candidate = replace(candidate, suggested_by=suggestion.suggested_by)
            self._candidates[number] = candidate
            self._tell(candidate, note)
            yield candidate

    def _halve(self) -> None:
        """Rank, promote the better half and train it on, until two are left."""
        alive = [c for c in self._candidates.values() if c.duplicate_of is None]
        until = self._config.search.first_epochs
        alive = self._rank(alive, until)
        while not is_final(len(alive)):
            until += self._config.search.round_epochs
            self._listener(RoundBegan(f"round {len(self._rounds) + 1}", len(alive), until))
            alive = self._rank(self._train_on(alive, until), until)

    def _finals(self) -> None:
        """Train the last ones to the full budget."""
        last = self._rounds[-1].promoted
        until = self._config.recipe.epochs
        self._listener(RoundBegan("finals", len(last), until))
        self._train_on([self._candidates[number] for number in last], until)

    def _train_on(self, candidates: list[Candidate], until: int) -> list[Candidate]:
        wanted = [Wanted(candidate.number, candidate.variant, until) for candidate in candidates]
        further = []
        for candidate, (history, metric) in zip(candidates, self._trainer.train(wanted), strict=True):
            further.append(replace(candidate, history=history, metric=metric, rounds=candidate.rounds + 1))
            self._candidates[candidate.number] = further[-1]
            self._tell(further[-1])
        return further

    def _rank(self, candidates: list[Candidate], until: int) -> list[Candidate]:
        """Record the ranking of a round and give those that go on."""
        order = ranked(
            Standing(candidate.metric, candidate.history.last.valid_loss, candidate.number)
            for candidate in candidates
            if candidate.metric is not None
        )
        config, ranking = self._config, [standing.number for standing in order]
        same = left_out(config.search, config.seed, self._folder, ranking, until)
        chosen = promoted(order, same)
        self._rounds.append(
            RoundResult(
                until=until,
                ranking=tuple(ranking),
                metric=tuple(standing.metric for standing in order),
                promoted=tuple(chosen),
                failed=tuple(c.number for c in candidates if c.metric is None),
                same_as=same,
            )
        )
        return [self._candidates[number] for number in chosen]

    def _tell(self, candidate: Candidate, note: str = "") -> None:
        """Let the listener hear how a candidate ended a stage."""
        failure = candidate.history.failure
        self._listener(
            CandidateEnded(
                candidate.number,
                candidate.variant.canonical().to_dict(),
                candidate.metric,
                None if candidate.metric is None else self._score.shown(candidate.history.last.valid_loss),
                failure.reason if failure else note,
            )
        )


def _attributes(candidate: Candidate) -> dict[str, Any]:
    """What Optuna's study keeps beside the metric."""
    attributes: dict[str, Any] = {
        "variant": candidate.variant.canonical().to_dict(),
        "suggested_by": candidate.suggested_by,
    }
    if candidate.duplicate_of is not None:
        attributes["duplicate_of"] = candidate.duplicate_of
    if candidate.history.failure is not None:
        attributes["failure"] = candidate.history.failure.reason
    elif candidate.history.epochs:
        attributes["valid_loss"] = candidate.history.last.valid_loss
    return attributes
