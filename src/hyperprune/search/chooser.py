"""The optimiser's side: suggestions, and what it is told.

A suggestion depends on the told trials and the trial's number alone, because the sampler is built
anew for each ask, seeded from (root seed, number). The asking happens in memory; study.db receives
each trial once, finished. So a kill can leave no half-asked trial, and replaying study.db gives the
same suggestions.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import optuna
from optuna.samplers import BaseSampler, RandomSampler, TPESampler
from optuna.trial import FrozenTrial, TrialState

from hyperprune.search.config import PoolConfig
from hyperprune.search.space import SpaceConfig
from hyperprune.search.study import Study
from hyperprune.seeding import derive
from hyperprune.sparsity import PruningVariant


@dataclass(frozen=True)
class Suggestion:
    """A variant that has been told.

    Attributes:
        variant: the suggestion.
        suggested_by: what the optimiser was told of earlier ones when it made it.
    """

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
                self._space.variant(trial.params, self._density),
                str(trial.user_attrs.get("suggested_by", self.told)),
            )
            for trial in self._stored.trials()
        ]

    def ask(self) -> PruningVariant:
        """The next variant; it must be told before the next is asked."""
        self._memory.sampler = self._sampler(len(self._told()))
        self._asked = self._memory.ask()
        self._space.suggest(self._asked)
        return self._space.variant(self._asked.params, self._density)

    def tell(self, value: float | None, attributes: dict[str, Any]) -> None:
        """Store the trial last asked: complete with its metric, or failed if there is none.

        Args:
            value: the metric, finite; none for a failed candidate.
            attributes: JSON values kept with the trial.
        """
        self._stored.add(self._asked.params, self._asked.distributions, value, attributes)
        self._memory.tell(self._asked, value, TrialState.FAIL if value is None else TrialState.COMPLETE)

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
        """Take the stored trials into memory, where asking happens."""
        self._memory = optuna.create_study(direction="minimize")
        for trial in self._stored.trials():
            self._memory.add_trial(trial)

    def _told(self) -> list[FrozenTrial]:
        return self._memory.get_trials(deepcopy=False, states=(TrialState.COMPLETE, TrialState.FAIL))

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
            "constant_liar": False,
        }
        return {"name": "tpe", "arguments": arguments}
