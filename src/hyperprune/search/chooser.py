"""The optimiser's side: suggestions, and what it is told.

A suggestion depends on the told trials and the trial's number alone, because the sampler is built
anew for each ask, seeded from (root seed, number). The asking happens in memory; study.db receives
each trial once, finished. So a kill can leave no half-asked trial, and replaying study.db gives the
same suggestions.
"""

from pathlib import Path
from typing import Any

import optuna
from optuna.samplers import BaseSampler, RandomSampler, TPESampler
from optuna.trial import FrozenTrial, TrialState, create_trial

from hyperprune.search.config import PoolConfig
from hyperprune.search.space import SpaceConfig
from hyperprune.seeding import derive
from hyperprune.sparsity import PruningVariant

_STUDY = "hyperprune"


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
        self._stored = optuna.create_study(
            storage=f"sqlite:///{database}", study_name=_STUDY, direction="minimize", load_if_exists=True
        )
        self._memory = optuna.create_study(direction="minimize")
        if not self._stored.user_attrs:
            self._stored.set_user_attr("sampler", self._settings())
        for trial in self._stored.get_trials(deepcopy=False):
            self._memory.add_trial(trial)

    def variants(self) -> list[PruningVariant]:
        """The variants that have been told, in this process or an earlier one, in order of their number."""
        return [self._space.variant(trial.params, self._density) for trial in self._told()]

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
        state = TrialState.FAIL if value is None else TrialState.COMPLETE
        self._stored.add_trial(
            create_trial(
                state=state,
                value=value,
                params=self._asked.params,
                distributions=self._asked.distributions,
                user_attrs=attributes,
            )
        )
        self._memory.tell(self._asked, value, state)

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
