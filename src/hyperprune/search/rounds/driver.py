"""The search: dense reference, pool, halving rounds, finals, one look at the test part."""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

from hyperprune import files, versions
from hyperprune.collector import imports_unwalked
from hyperprune.errors import ConfigurationError
from hyperprune.executors import Executor, InProcess, make_executor
from hyperprune.search.config.preflight import preflight
from hyperprune.search.config.search_config import SearchConfig
from hyperprune.search.results.folder import RunFolder
from hyperprune.search.results.metrics_file import MetricsFile
from hyperprune.search.results.result import SearchResult
from hyperprune.search.results.round_result import RoundResult
from hyperprune.search.results.rounds_file import store_rounds, stored_rounds
from hyperprune.search.results.timings import save_timings
from hyperprune.search.rounds.candidate import Candidate
from hyperprune.search.rounds.controls import Controls
from hyperprune.search.rounds.events import Event, Listener, RoundBegan
from hyperprune.search.rounds.family_search import FamilySearch
from hyperprune.search.rounds.jobs import Trainer
from hyperprune.search.rounds.side_by_side import Stop, side_by_side
from hyperprune.search.rounds.summary import selected, summarise
from hyperprune.training import History
from hyperprune.training.stored.run_folder import CONFIG


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
    """Search in a folder, or resume there, as :func:`hyperprune.search.run` says."""
    folder = RunFolder(path)
    config = config.bound(folder.config() if (path / CONFIG).exists() else None)
    done = folder.result_of(config)
    if done is not None:
        return done
    preflight(config)
    Trainer(config, folder, InProcess()).check()
    with folder.held(config):
        done = folder.result()
        if done is not None:
            return done
        metrics = MetricsFile(folder, config.described.judged_by)
        listener = one_at_a_time(metrics, listener)
        versions.record(folder.path, versions.versions("optuna", device=config.runtime.device))
        with started(config, listener, executor) as running:
            result = Search(config, folder, running, listener).run()
        metrics.finish(result)
        # the result goes last: where it stands, nothing is missing
        names = [control.name for control in result.controls]
        save_timings(folder, [c.number for c in result.candidates], config.search.seeds, names)
        folder.save_result(result)
        return result


@contextmanager
def started(config: SearchConfig, listener: Listener, given: Executor | None) -> Iterator[Executor]:
    """The given executor, or the configured one, which ends with all its jobs however the search ends."""
    with imports_unwalked():
        if given is not None:
            yield given
            return
        executor = make_executor(config.runtime.executor, config.runtime.jobs, listener)
        try:
            yield executor
        finally:
            executor.close()


def one_at_a_time(*listeners: Listener) -> Listener:
    """Events of the search and of several workers, never two at once."""
    lock = threading.RLock()

    def listen(event: Event) -> None:
        with lock:
            for listener in listeners:
                listener(event)

    return listen


@dataclass(frozen=True)
class Found:
    """What a search found on the validation part, before the test part is read.

    Attributes:
        dense: the dense reference, trained to the full budget.
        candidates: in order of number.
        rounds: the rankings.
        finalists: numbers of the candidates that were trained to the full budget.
        best: the finalist that is selected; none if all failed.
    """

    dense: History
    candidates: list[Candidate]
    rounds: list[RoundResult]
    finalists: list[int]
    best: Candidate | None


class Search:
    """One search in a folder that this process holds.

    Args:
        config: the search.
        folder: its folder.
        executor: where jobs run.
        listener: hears about rounds and candidates.

    Attributes:
        trainer: brings its networks to an epoch, and measures them.
    """

    def __init__(
        self, config: SearchConfig, folder: RunFolder, executor: Executor, listener: Listener
    ) -> None:
        self._config, self._folder, self._listener = config, folder, listener
        self._stop, self._storing = Stop(), threading.Lock()
        self._side_by_side = executor.workers > 1
        self.trainer = Trainer(config, folder, executor, listener, self._stop)
        self._families = [
            FamilySearch(config, family, folder, self.trainer, listener, self._store)
            for family in self.trainer.families
        ]

    def run(self) -> SearchResult:
        """All stages, the yardsticks and the test part."""
        found = self.find()
        compared = Controls(self._config, self._folder, self.trainer, self._listener)
        result = summarise(
            self._config,
            self._folder,
            self.trainer,
            found.dense,
            found.candidates,
            found.rounds,
            found.finalists,
            [] if found.best is None else compared.train(found.dense, found.best),
        )
        for family in self._families:
            family.note_selected(result.selected)
        return result

    def find(self) -> Found:
        """Stages in order until one is selected; the dense reference and families train side by side."""
        self._listener(RoundBegan("dense", 1, 0 if self._config.reference else self._config.recipe.epochs))
        dense = self.trainer.dense()
        dense.check()
        searches = [family.run for family in self._families]
        if self._side_by_side and len(searches) > 1:
            side_by_side(searches, self._stop)
        else:
            for search in searches:
                search()
        candidates = [candidate for family in self._families for candidate in family.candidates.values()]
        finalists = [number for family in self._families for number in family.finalists]
        return Found(
            dense.trained(),
            candidates,
            [made for family in self._families for made in family.rounds],
            finalists,
            selected(candidates, finalists),
        )

    def _store(self) -> None:
        """Keep the rankings of all families, those included that an earlier process made."""
        with self._storing:
            digest, rounds = self._config.digest, list[RoundResult]()
            known = stored_rounds(self._folder, digest)
            for family, following in zip_longest(self._families, self._families[1:]):
                end = sys.maxsize if following is None else following.family.bracket
                earlier = [made for made in known if family.family.bracket <= made.bracket < end]
                made = family.rounds
                rounds += earlier if earlier[: len(made)] == made else made
            store_rounds(self._folder, digest, rounds)
