"""A search as one object, whether it has just been made or is opened from its folder.

``run`` and ``load`` of :mod:`hyperprune.search.opening` give the same thing: :class:`SearchRun`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from torch import nn

from hyperprune import files
from hyperprune.errors import RunFolderError
from hyperprune.executors import Executor
from hyperprune.frames import frame
from hyperprune.lyapunov import Spectrum
from hyperprune.search.config.search_config import SearchConfig
from hyperprune.search.results.find import with_network
from hyperprune.search.results.folder import RunFolder
from hyperprune.search.results.result import CandidateResult, DenseResult, SearchResult
from hyperprune.search.results.rows import Rows, candidate_rows, epoch_rows, round_rows
from hyperprune.search.resuming.extension import prepare
from hyperprune.search.rounds.driver import carry_out, folder_of
from hyperprune.search.rounds.events import Listener
from hyperprune.training.stored_run import StoredRun

Table = Literal["candidates", "epochs", "rounds"]


@dataclass(frozen=True, eq=False)
class SearchRun(StoredRun):
    """A search in its folder.

    Whatever :class:`SearchResult` has (``rounds``, ``score``, ``cost`` ...) can be asked of the run itself.
    Two runs are equal if they found the same.
    """

    @cached_property
    def config(self) -> SearchConfig:
        """Its configuration."""
        return RunFolder(self.path).config()

    @cached_property
    def result(self) -> SearchResult:
        """Everything it found: what stands in result.json.

        Raises:
            RunFolderError: the search has not ended.
        """
        return RunFolder(self.path).finished()

    @property
    def dense(self) -> DenseResult:
        """The dense reference."""
        return self.result.dense

    @property
    def selected(self) -> int | None:
        """Number of the selected candidate; None if every finalist failed."""
        return self.result.selected

    @property
    def candidates(self) -> tuple[CandidateResult, ...]:
        """All candidates, in order of number."""
        return self.result.candidates

    def rows(self, table: Table = "candidates") -> Rows:
        """One table of the result, a dictionary a row.

        Args:
            table: ``candidates``; ``epochs``, a row a network and epoch; or ``rounds``, a row a round and
                ranked candidate.
        """
        if table == "candidates":
            return candidate_rows(self.result, self.path)
        return {"epochs": epoch_rows, "rounds": round_rows}[table](self.result)

    def frame(self, table: Table = "candidates") -> Any:
        """:meth:`rows` as a ``pandas.DataFrame``.

        Raises:
            ConfigurationError: pandas is not installed.
        """
        return frame(self.rows(table))

    def network(self, candidate: int | None = None, *, dense: bool = False) -> nn.Module:
        """The selected network, another candidate's, or the dense one; its best epoch, in evaluation mode.

        Raises:
            RunFolderError: there is no such network.
        """
        return with_network(self.path, candidate, lambda found: found.load(self.task), dense=dense)

    def spectrum(self, epoch: int, candidate: int | None = None) -> Spectrum:
        """The spectrum that was measured after an epoch; of the dense reference if no candidate is named.

        Raises:
            SpectrumFileError: none was measured then.
            RunFolderError: there is no such candidate.
        """
        run = RunFolder(self.path)
        if candidate is None:
            return run.dense.spectrum(epoch)
        if not 0 <= candidate < len(self.candidates):
            last = len(self.candidates) - 1
            raise RunFolderError(f"there is no candidate {candidate}: give a number from 0 to {last}")
        original = self.candidates[candidate].duplicate_of
        return run.candidate(candidate if original is None else original).spectrum(epoch)

    def extend(
        self,
        values: Mapping[str, Any],
        *,
        listener: Listener = lambda _: None,
        executor: Executor | None = None,
    ) -> "SearchRun":
        """Go on with more candidates, a larger budget or another metric; nothing is trained twice.

        What was trained is used as it is. ``result.json``, ``config.toml``, ``study.db`` and
        ``report.html`` of before are kept as ``result-1.json`` and so on. After an interruption the same
        call resumes it.

        Args:
            values: new values by dotted name, such as ``{"search.candidates": 20}``.
            listener: hears about progress.
            executor: where jobs run; what ``[runtime]`` says by default.

        Raises:
            RunFolderError: another process works on it.
            ConfigurationError: a value that an extension cannot change.
        """
        config = prepare(RunFolder(self.path), dict(values), self.task)
        carry_out(config, self.path, listener=listener, executor=executor)
        return SearchRun(self.path, self.task)

    def __getattr__(self, name: str) -> Any:
        """What the result has and this class does not name."""
        known = name in SearchResult.model_fields or hasattr(SearchResult, name)
        if name.startswith("_") or not known:
            raise AttributeError(f"a search has no {name!r}: see SearchRun and SearchResult")
        return getattr(self.result, name)

    def __eq__(self, other: object) -> bool:
        """Whether both found the same."""
        if isinstance(other, SearchRun):
            other = other.result
        return self.result == other if isinstance(other, SearchResult) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.path)


def run(
    config: SearchConfig,
    out: Path | str | None = None,
    *,
    listener: Listener = lambda _: None,
    executor: Executor | None = None,
) -> SearchRun:
    """Search, or resume a search that was interrupted.

    Everything that was finished is kept in the run folder and not done again, and the result is the
    same, bit for bit, as that of a run without interruption (same machine type, versions and threads).

    Args:
        config: what to search.
        out: the run folder; a new one, or one of the same configuration. ``runs/`` and a digest of the
            configuration if left out, so that the same call resumes it.
        listener: hears about progress.
        executor: where jobs run; what ``[runtime]`` says by default, in this process if it says nothing.

    Raises:
        RunFolderError: the folder is in use or of another configuration.
        CorpusError: the text cannot be read or is too short.
        ConfigurationError: it cannot run here, or a choice is impossible.
        DivergedError: the dense reference diverged.
    """
    path = folder_of(config, out)
    carry_out(config, path, listener=listener, executor=executor)
    return SearchRun(path, config.described.code)


def extend(
    out: Path | str,
    values: Mapping[str, Any],
    *,
    task: str | None = None,
    listener: Listener = lambda _: None,
    executor: Executor | None = None,
) -> SearchRun:
    """Extend the search in a folder; see :meth:`SearchRun.extend`."""
    path = files.place(out)
    return SearchRun(path, task).extend(values, listener=listener, executor=executor)
