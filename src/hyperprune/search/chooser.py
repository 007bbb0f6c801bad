"""The optimiser's side: suggestions, and what it is told.

A suggestion depends on the trials of earlier batches, on those asked before it in its own batch and on the
trial's number alone, because the sampler is built anew for each ask, seeded from (root seed, number).
The asking happens in memory; study.db receives each trial once, finished, in order of number. So a kill
can leave no half-asked trial, and replaying study.db gives the same suggestions.
"""

import sys
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import optuna
from optuna.samplers import BaseSampler, RandomSampler, TPESampler
from optuna.trial import FrozenTrial, Trial, TrialState, create_trial

from hyperprune.search.batches import batch_of
from hyperprune.search.config import PoolConfig
from hyperprune.search.space import SpaceConfig
from hyperprune.search.study import Study
from hyperprune.seeding import derive
from hyperprune.sparsity import PruningVariant


@dataclass(frozen=True)
class Suggestion:
    """A variant to be trained, or one that has been told.

    Attributes:
        number: of its trial.
        variant: the suggestion.
        suggested_by: what the optimiser was told of earlier ones when it made it.
    """

    number: int
    variant: PruningVariant
    suggested_by: str


class Chooser:
    """Asks an Optuna sampler for variants and tells it their metric.

    Args:
        database: the SQLite file; made if it does not exist.
        pool: sampler and its settings.
        space: the choices.
        density: live share of every variant.
        seed: root seed.
    """

    def __init__(
        self, database: Path, pool: PoolConfig, space: SpaceConfig, density: float, seed: int
    ) -> None:
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self._pool, self._space, self._density, self._seed = pool, space, density, seed
        self._stored = Study(database, {"sampler": self._settings(), "told": pool.told})
        self._remember()

    @property
    def told(self) -> str:
        """The ranking whose values the study holds."""
        return str(self._stored.attributes.get("told", self._pool.told))

    def known(self) -> list[Suggestion]:
        """What has been told, in this process or an earlier one, in order of number."""
        return [
            Suggestion(
                number,
                self._space.variant(trial.params, self._density),
                str(trial.user_attrs.get("suggested_by", self.told)),
            )
            for number, trial in enumerate(self._stored.trials())
        ]

    def ask(self) -> list[Suggestion]:
        """The rest of the batch, nothing if the pool is full; tell all of it before the next is asked.

        What is asked and not told yet counts as running: TPE keeps away from it ("constant liar").
        """
        if self._asked:
            raise ValueError("a batch is asked when all of the one before has been told: tell the others")
        first = len(self._memory.get_trials(deepcopy=False))
        last = min(self._batch(first).stop, self._pool.candidates)
        suggestions = []
        for number in range(first, last):
            self._memory.sampler = self._sampler(number)
            trial = self._memory.ask()
            self._space.suggest(trial)
            self._asked.append(trial)
            variant = self._space.variant(trial.params, self._density)
            suggestions.append(Suggestion(number, variant, self._pool.told))
        for early in self._early:
            self._memory.tell(early.number, early.value, early.state)
        self._early.clear()
        return suggestions

    def tell(self, value: float | None, attributes: dict[str, Any]) -> None:
        """Store the next trial that was asked: complete with its metric, or failed if there is none.

        Args:
            value: the metric, finite; none for a failed candidate.
            attributes: JSON values kept with the trial.
        """
        trial = self._asked.popleft()
        self._stored.add(trial.params, trial.distributions, value, attributes)
        self._memory.tell(trial, value, TrialState.FAIL if value is None else TrialState.COMPLETE)

    def retell(self, outcomes: Sequence[tuple[float | None, dict[str, Any]]]) -> None:
        """Replace what the study was told, by the values of another ranking for the same suggestions.

        Args:
            outcomes: metric and attributes of each known suggestion, in order, as ``tell`` takes them.
        """
        trials = self._stored.trials()
        told = [
            (trial.params, trial.distributions, *outcome)
            for trial, outcome in zip(trials, outcomes, strict=True)
        ]
        attributes = {"sampler": self._settings(), "told": self._pool.told}
        self._stored = self._stored.replaced(attributes, told)
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
        for trial in stored:
            if trial.number < first:
                self._memory.add_trial(trial)
            else:
                self._early.append(trial)
                running = create_trial(
                    state=TrialState.RUNNING, params=trial.params, distributions=trial.distributions
                )
                self._memory.add_trial(running)

    def _batch(self, number: int) -> range:
        """The batch of a trial; a sampler that learns nothing may be asked for all at once."""
        learns = self._pool.sampler != "random"
        return batch_of(number, self._pool.batch, self._pool.startup if learns else sys.maxsize)

    def _sampler(self, number: int) -> BaseSampler:
        seed = derive(self._seed, "sampler", number) % 2**32
        if self._pool.sampler == "random":
            return RandomSampler(seed=seed)
        return TPESampler(seed=seed, **self._settings()["arguments"])

    def _settings(self) -> dict[str, Any]:
        """TPE's settings, explicit because Optuna's defaults have changed between versions."""
        if self._pool.sampler == "random":
            return {"name": "random", "arguments": {}}
        arguments = {
            "n_startup_trials": self._pool.startup,
            "n_ei_candidates": 24,
            "multivariate": True,
            "group": self._space.conditional,
            "constant_liar": self._pool.batch > 1,
        }
        return {"name": "tpe", "arguments": arguments}
