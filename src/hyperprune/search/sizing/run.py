"""The search for the smallest network as one call, and as one object."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from torch import nn

from hyperprune import versions
from hyperprune.executors import Executor
from hyperprune.search.config.preflight import preflight
from hyperprune.search.config.search_config import SearchConfig
from hyperprune.search.config.smallest import GRID, SmallestConfig
from hyperprune.search.results.smallest_folder import SmallestFolder
from hyperprune.search.results.smallest_result import Probe, SmallestResult
from hyperprune.search.rounds.driver import folder_of, one_at_a_time, started
from hyperprune.search.rounds.events import Listener
from hyperprune.search.runs import SearchRun
from hyperprune.search.sizing.bisection import next_probe, sparsest
from hyperprune.search.sizing.possible import possible
from hyperprune.search.sizing.prober import Prober
from hyperprune.training.stored.run_folder import CONFIG, held
from hyperprune.training.stored_run import StoredRun
from hyperprune.training.trained import Naive


@dataclass(frozen=True)
class SmallestRun(StoredRun):
    """The search for the smallest network in its folder."""

    @cached_property
    def config(self) -> SmallestConfig:
        """Its configuration."""
        return SmallestFolder(self.path).config()

    @cached_property
    def result(self) -> SmallestResult:
        """Everything it found: what stands in result.json.

        Raises:
            RunFolderError: it has not ended.
        """
        return SmallestFolder(self.path).finished()

    @property
    def sparsity(self) -> float | None:
        """The largest that is level with the dense network on validation; none if not even the least is."""
        return self.result.sparsity

    @property
    def chosen(self) -> SearchRun:
        """The search at that sparsity.

        Raises:
            RunFolderError: there is none.
        """
        return SearchRun(SmallestFolder(self.path).chosen().path, self.task)

    def network(self, *, dense: bool = False) -> nn.Module:
        """The smallest network, or the dense one; its best epoch, in evaluation mode."""
        return self.chosen.network(dense=dense)


@dataclass(frozen=True)
class ProbeBegan:
    """The search at a sparsity begins.

    Attributes:
        config: what is searched.
        known: what the searches before it came to.
    """

    config: SearchConfig
    known: tuple[Probe, ...]


def smallest(
    config: SearchConfig,
    out: Path | str | None = None,
    *,
    grid: tuple[float, ...] = GRID,
    listener: Listener = lambda _: None,
    began: Callable[[ProbeBegan], None] = lambda _: None,
    executor: Executor | None = None,
) -> SmallestRun:
    """Find the sparsest network whose score is level with the dense one, or go on where it was interrupted.

    Trains the dense network once. Then bisects over ``grid``: at each sparsity a search of candidates that
    start from the dense network, as ``config.dense_start`` describes them, and a verdict on the validation
    part by ``config.search.tolerance``. The test part is read at the end, for the chosen sparsity alone.

    Everything that was finished is kept, and the result is the same, bit for bit, as without interruption.

    Args:
        config: the network, its data and its recipe; its own sparsity and families have no effect.
        out: the run folder; ``runs/`` and a digest of the configuration if left out.
        grid: sparsities that ascend.
        listener: hears about every search.
        began: hears when the search at a sparsity begins.
        executor: where jobs run; what ``[runtime]`` says by default, in this process if it says nothing.

    Raises:
        RunFolderError: the folder is in use or of another configuration.
        ConfigurationError: it cannot run here, or a choice is impossible.
        DivergedError: the dense reference diverged.
    """
    wanted = config if isinstance(config, SmallestConfig) else SmallestConfig.of(config, grid)
    folder = SmallestFolder(folder_of(wanted, out))
    run = SmallestRun(folder.path, wanted.described.code)
    wanted = wanted.bound(folder.config() if (folder.path / CONFIG).exists() else None)
    preflight(wanted.at(wanted.grid[0]))
    with held(folder.path, wanted):
        if folder.result() is None:
            versions.record(folder.path, versions.versions("optuna", device=wanted.runtime.device))
            heard = one_at_a_time(listener)
            with started(wanted, heard, executor) as running:
                folder.save_result(_found(wanted, folder, Prober(wanted, folder, running, heard), began))
    return run


def _found(
    config: SmallestConfig, folder: SmallestFolder, prober: Prober, began: Callable[[ProbeBegan], None]
) -> SmallestResult:
    digest, grid = config.digest, possible(config)
    probes = folder.probes(digest)
    while (sparsity := next_probe(grid, _passed(probes))) is not None:
        began(ProbeBegan(config.at(sparsity), probes))
        probes = (*probes, prober.probe(sparsity))
        folder.save_probes(digest, probes)
    chosen = sparsest(grid, _passed(probes))
    found = next((probe for probe in probes if probe.sparsity == chosen), None)
    dense, naive = prober.dense, config.described.naive()
    return SmallestResult(
        score=config.described.judged_by,
        naive=None if naive is None else Naive(name=naive[0], valid_score=naive[1]),
        tolerance=config.search.tolerance,
        grid=grid,
        dense=prober.size_of(dense),
        dense_epochs=len(dense.epochs),
        probes=probes,
        sparsity=chosen,
        confirmed=None if found is None else prober.confirm(found),
    )


def _passed(probes: tuple[Probe, ...]) -> dict[float, bool]:
    return {probe.sparsity: probe.passes for probe in probes}
