"""What a sampler offers to a search."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from optuna.exceptions import ExperimentalWarning
from optuna.samplers import BaseSampler

from hyperprune.optional import try_import
from hyperprune.search.space.space import SpaceConfig
from hyperprune.sparsity import Paper

Arguments = dict[str, Any]


@dataclass(frozen=True)
class Seeds:
    """Seeds of one ask, in [0, 2**32).

    Attributes:
        study: the same for every trial of a search.
        trial: of this trial alone.
    """

    study: int
    trial: int


@dataclass(frozen=True)
class Asking:
    """How suggestions are asked for.

    Attributes:
        startup: random suggestions before a sampler that learns begins to.
        batch: suggestions that are asked for together, before any of them is told.
    """

    startup: int
    batch: int


def serves_all(space: SpaceConfig, candidates: int) -> None:
    """A check that refuses nothing."""


@dataclass(frozen=True)
class SamplerRule:
    """An optimiser of Optuna's, by what hyperprune needs to know of it.

    A sampler is built anew for each ask, so that a suggestion depends on the told trials and the trial's
    number alone.

    Attributes:
        arguments: every argument that decides suggestions, from the way of asking and the space, as JSON
            values; stored with the study, because Optuna's defaults change.
        build: the sampler from these and the seeds of the ask.
        check: raises ConfigurationError for a space or a number of candidates that it cannot serve.
        learns: whether suggestions depend on what was told.
        replays: whether it keeps notes in the study's memory, which the asks have to be repeated for.
        packages: what must be installed beside Optuna.
        papers: what to cite.
    """

    arguments: Callable[[Asking, SpaceConfig], Arguments]
    build: Callable[[Arguments, Seeds], BaseSampler]
    check: Callable[[SpaceConfig, int], None] = serves_all
    learns: bool = True
    replays: bool = False
    packages: tuple[str, ...] = ()
    papers: tuple[Paper, ...] = ()

    def make(self, arguments: Arguments, seeds: Seeds) -> BaseSampler:
        """The sampler; Optuna's notes that an interface may change are for us, who pin its version."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ExperimentalWarning)
            return self.build(arguments, seeds)


def check_installed(name: str, rule: SamplerRule) -> None:
    """Find out before any training whether a sampler can work on this machine.

    Raises:
        ConfigurationError: a package is missing.
    """
    for package in rule.packages:
        try_import(package, extra="samplers", needed_by=f"the sampler {name}", instead="take tpe or random")
