"""The optimiser's side: suggestions, and what it is told.

A suggestion depends on the trials of earlier batches, on those asked before it in its own batch and on the
trial's number alone, because the sampler is built anew for each ask, seeded from (root seed, number).
The asking happens in memory; study.db receives each trial once, finished, in order of number. So a kill
can leave no half-asked trial, and replaying study.db gives the same suggestions.
"""

import copy
import sys
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import optuna
import torch
from optuna.samplers import RandomSampler
from optuna.trial import FrozenTrial, Trial, TrialState, create_trial

from hyperprune.search.asking.batches import batch_of
from hyperprune.search.asking.study import SCHEMA, Study
from hyperprune.search.asking.suggestions import Suggestion, suggestions
from hyperprune.search.config.pool import PoolConfig
from hyperprune.search.metrics.early import Metric, Parts
from hyperprune.search.samplers import Asking, Seeds
from hyperprune.search.space.space import SpaceConfig
from hyperprune.seeding import derive

_ASKING = threading.Lock()
_IDLE = RandomSampler(seed=0)  # stands by while trials are told, so that no sampler acts on that


@dataclass(frozen=True)
class Outcome:
    """What a trial is told.

    Attributes:
        value: its score among those measured so far, finite; None for a failed candidate.
        parts: what the score was made of; None for a failed candidate.
        notes: JSON values kept with the trial.
    """

    value: float | None
    parts: Parts | None
    notes: dict[str, Any]

    @property
    def attributes(self) -> dict[str, Any]:
        """What is stored beside the value."""
        return self.notes if self.parts is None else {**self.notes, "parts": list(self.parts)}


class Chooser:
    """Asks an Optuna sampler for choices and tells it how they did.

    Args:
        database: the SQLite file; made if it does not exist.
        pool: sampler and its settings.
        space: the choices.
        density: live share of every variant.
        seed: root seed.
        metric: what is told; if it compares candidates, all that were told are compared anew before each
            batch.
    """

    def __init__(
        self,
        database: Path,
        pool: PoolConfig,
        space: SpaceConfig,
        density: float,
        seed: int,
        metric: Metric | None = None,
    ) -> None:
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self._pool, self._space, self._density, self._seed = pool, space, density, seed
        self._compares = metric if metric is not None and metric.scores is not None else None
        arguments = pool.optimiser.arguments(Asking(pool.startup, pool.batch), space)
        self._settings = {"name": pool.sampler, "arguments": arguments, "optuna": optuna.__version__}
        self._stored = Study(database, self._attributes)
        self._remember()

    @property
    def _attributes(self) -> dict[str, Any]:
        """What a study of this search is given."""
        return {"schema_version": SCHEMA, "sampler": self._settings, "told": self._pool.told}

    @property
    def told(self) -> str:
        """The ranking whose values the study holds."""
        return str(self._stored.attributes.get("told", self._pool.told))

    def known(self) -> list[Suggestion]:
        """What has been told, in this process or an earlier one, in order of number."""
        return suggestions(self._stored.trials(), self._space, self._density, self.told)

    def ask(self, stop: int | None = None) -> list[Suggestion]:
        """The rest of the batch, nothing if the pool is full; all of it must be told before more is asked.

        What is asked and not told yet counts as running: TPE keeps away from it ("constant liar").

        Args:
            stop: number of the first trial that is not wanted yet; the size of the pool if none.
        """
        if self._asked:
            raise ValueError("a batch is asked when all of the one before has been told: tell the others")
        if self._compares is not None:
            self._remember()
        first = len(self._memory.get_trials(deepcopy=False))
        last = min(self._batch(first).stop, self._pool.candidates if stop is None else stop)
        for number in range(first, last):
            self._asked.append(self._ask(number))
        for early in self._early:
            self._tell(early.number, early.value)
        self._early.clear()
        return [
            Suggestion(t.number, self._space.choice(t.params, self._density), self._pool.told)
            for t in self._asked
        ]

    def tell(self, outcome: Outcome) -> None:
        """Store the next trial that was asked: complete with its value, or failed if there is none."""
        trial = self._asked.popleft()
        self._stored.add(trial.params, trial.distributions, outcome.value, outcome.attributes)
        self._tell(trial.number, outcome.value)

    def note_selected(self, number: int | None) -> None:
        """Let whoever opens study.db see which trial the search selected: it need not be Optuna's best."""
        self._stored.note("selected", number)

    def retell(self, outcomes: Sequence[Outcome]) -> None:
        """Replace what the study was told, by the values of another ranking for the same suggestions.

        Args:
            outcomes: of each known suggestion, in order.
        """
        told = [
            (trial.params, trial.distributions, outcome.value, outcome.attributes)
            for trial, outcome in zip(self._stored.trials(), outcomes, strict=True)
        ]
        self._stored = self._stored.replaced(self._attributes, told)
        self._remember()

    def _remember(self) -> None:
        """Take the stored trials into memory, where asking happens.

        Those of a batch that was interrupted count as running until the rest of it has been asked.
        """
        self._memory = optuna.create_study(direction="minimize")
        self._asked: deque[Trial] = deque()
        self._early: list[FrozenTrial] = []
        stored = self._stored.trials()
        first = self._batch(len(stored)).start
        stored = [*self._compared(stored[:first]), *stored[first:]]
        if self._pool.optimiser.replays:
            self._repeat(stored)
            return
        for trial in stored:
            if trial.number < first:
                self._memory.add_trial(trial)
            else:
                self._early.append(trial)
                running = create_trial(
                    state=TrialState.RUNNING, params=trial.params, distributions=trial.distributions
                )
                self._memory.add_trial(running)

    def _repeat(self, stored: Sequence[FrozenTrial]) -> None:
        """Ask for the stored trials again, batch by batch, for a sampler that keeps notes as it is asked."""
        for trial in stored:
            if trial.number == self._batch(trial.number).start:
                self._tell_early()
            self._memory.enqueue_trial(trial.params)
            self._ask(trial.number)
            self._early.append(trial)
        if self._batch(len(stored)).start == len(stored):
            self._tell_early()

    def _ask(self, number: int) -> Trial:
        """The trial of a number; one that is enqueued has its choices already, and the sampler its notes."""
        pool, seed = self._pool, self._seed
        seeds = Seeds(*(derive(seed, "sampler", *which) % 2**32 for which in ((), (number,))))
        self._memory.sampler = pool.optimiser.make(self._settings["arguments"], seeds)  # type: ignore[arg-type]
        with _one_thread():
            trial = self._memory.ask()
            if pool.optimiser.replays:
                _ = trial.relative_params  # else Optuna asks the sampler only where a choice is open
            self._space.suggest(trial)
        self._memory.sampler = _IDLE
        return trial

    def _tell(self, number: int, value: float | None) -> None:
        self._memory.tell(number, value, TrialState.FAIL if value is None else TrialState.COMPLETE)

    def _tell_early(self) -> None:
        for trial in self._early:
            self._tell(trial.number, trial.value)
        self._early.clear()

    def _compared(self, stored: list[FrozenTrial]) -> list[FrozenTrial]:
        """The stored trials, with their values among all of them where the metric compares."""
        if self._compares is None:
            return stored
        measured = [trial for trial in stored if trial.value is not None]
        parts = [tuple(trial.user_attrs["parts"]) for trial in measured]
        scores = self._compares.compared(parts, self._pool.loss_weight)
        values = {trial.number: score for trial, score in zip(measured, scores, strict=True)}
        compared = [copy.copy(trial) for trial in stored]
        for trial in compared:
            trial.value = values.get(trial.number)
        return compared

    def _batch(self, number: int) -> range:
        """The batch of a trial; a sampler that learns nothing may be asked for all at once."""
        startup = self._pool.startup if self._pool.optimiser.learns else sys.maxsize
        return batch_of(number, self._pool.batch, startup)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Sums of a Gaussian process change in the last bits with the number of threads.

    That number is one for the whole process, so families that search side by side ask in turn.
    """
    with _ASKING:
        before = torch.get_num_threads()
        torch.set_num_threads(1)
        try:
            yield
        finally:
            torch.set_num_threads(before)
