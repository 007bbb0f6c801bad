"""One sparsity after the other: what a search from the dense network finds there, on the validation part."""

from functools import cached_property

from hyperprune.executors import Executor
from hyperprune.search.config.search_config import SearchConfig
from hyperprune.search.config.smallest import SmallestConfig
from hyperprune.search.results.folder import RunFolder
from hyperprune.search.results.smallest_folder import SmallestFolder
from hyperprune.search.results.smallest_result import Confirmed, Probe, Size
from hyperprune.search.rounds.candidate import Candidate
from hyperprune.search.rounds.controls import CONTROL, Control, Controls
from hyperprune.search.rounds.driver import Found, Search, carry_out
from hyperprune.search.rounds.events import Event, Listener
from hyperprune.search.rounds.jobs import Trainer
from hyperprune.search.rounds.verdicts import verdict_on
from hyperprune.search.sizing.shared_dense import share
from hyperprune.training import History
from hyperprune.training.stored import checkpoint
from hyperprune.training.verdict.verdict import Verdict

_PASSING = ("better", "level")


class Prober:
    """Searches single sparsities in a folder that this process holds.

    Args:
        config: the search for the smallest network.
        folder: its folder.
        executor: where jobs run.
        listener: hears about every search.
    """

    def __init__(
        self, config: SmallestConfig, folder: SmallestFolder, executor: Executor, listener: Listener
    ) -> None:
        self._config, self._folder = config, folder
        self._executor, self._listener = executor, listener
        self._trainer = Trainer(config.at(config.grid[0]), folder.shared, executor, listener)
        self._score = config.described.judged_by

    @cached_property
    def dense(self) -> History:
        """The dense reference, trained; what an earlier process has trained is only read.

        Raises:
            DivergedError: it diverged.
        """
        return self._trainer.dense().trained()

    def probe(self, sparsity: float) -> Probe:
        """The search at a sparsity, and its verdict on the validation part. The test part is not read."""
        config, folder = self._config.at(sparsity), self._folder.search(sparsity)
        _ = self.dense  # trained before its files are shared
        with folder.held(config):
            share(self._folder.shared.dense.path, folder.dense.path)
            search = Search(config, folder, self._executor, self._listener)
            found = search.find()
            verdict, small = _on_validation(config, folder, search.trainer, found), None
            if found.best is not None:
                controls = Controls(config, folder, search.trainer, self._listener)
                small = controls.small_dense(found.best.history.best.live)
            return Probe(
                sparsity=sparsity,
                folder=self._folder.name_of(sparsity),
                passes=verdict is not None and verdict.against_dense in _PASSING,
                selected=None if found.best is None else found.best.number,
                network=None if found.best is None else self._size(_best_of(found.best)),
                verdict=verdict,
                small_dense=self._small(small),
                epochs=_epochs(found.candidates),
            )

    def confirm(self, chosen: Probe) -> Confirmed:
        """The whole result of the chosen search, for which alone the test part is read."""
        config, folder = self._config.at(chosen.sparsity), self._folder.search(chosen.sparsity)
        heard = _further(self._listener)  # the rest has been told
        result = carry_out(config, folder.path, listener=heard, executor=self._executor)
        final = next(c.final for c in result.candidates if c.number == result.selected)
        if final is None or result.verdict is None or result.dense.final is None:
            raise ValueError(f"the search in {folder.path} selected nothing, and yet its sparsity passed")
        small = None
        if chosen.small_dense is not None:
            job = folder.control("small-dense")
            (read,) = self._trainer.tested([(job, job.best_epoch())])
            small = self._score.shown(read.loss)
        return Confirmed(
            verdict=result.verdict,
            dense=result.dense.final.test_score,
            selected=final.test_score,
            small_dense=small,
        )

    def size_of(self, dense: History) -> Size:
        """The dense reference, also one that was given."""
        if dense.epochs:
            return self._size(dense)
        weights = checkpoint.weights_in(checkpoint.path(self._folder.shared.dense.path, 0))
        return Size(live=weights, valid_score=self._score.shown(dense.valid_loss))

    def _size(self, history: History) -> Size:
        return Size(live=history.best.live, valid_score=self._score.shown(history.best.valid_loss))

    def _small(self, control: Control | None) -> Size | None:
        if control is None or control.history.failure is not None:
            return None
        return self._size(control.history)


def _on_validation(config: SearchConfig, folder: RunFolder, trainer: Trainer, found: Found) -> Verdict | None:
    """The selected network against the dense one; none if there is none."""
    best = found.best
    if best is None:
        return None
    dense = (folder.dense, folder.dense.best_epoch())
    seeds = enumerate(best.histories)
    pruned = [(folder.candidate(best.number, seed), history.best.epoch) for seed, history in seeds]
    read = trainer.tested([dense, *pruned], "valid")
    return verdict_on(config, trainer, found.dense, best, read[0], read[1:])


def _further(listener: Listener) -> Listener:
    """Tells of yardsticks alone."""

    def listen(event: Event) -> None:
        if getattr(event, "name", getattr(event, "label", "")).startswith(CONTROL):
            listener(event)

    return listen


def _best_of(candidate: Candidate) -> History:
    """The training of a candidate that counts."""
    return min(candidate.histories, key=lambda history: history.best.valid_loss)


def _epochs(candidates: list[Candidate]) -> int:
    """All that were trained, those that repeat another left out."""
    distinct = (candidate for candidate in candidates if candidate.duplicate_of is None)
    return sum(len(history.epochs) for candidate in distinct for history in candidate.histories)
