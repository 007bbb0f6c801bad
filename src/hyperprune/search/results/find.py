"""Finding one trained network: by its checkpoint, its folder, or the run that it belongs to."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from torch import nn

from hyperprune import files
from hyperprune.errors import CheckpointError, RunFolderError
from hyperprune.search.config.search_config import SearchConfig
from hyperprune.search.config.smallest import SMALLEST, SmallestConfig
from hyperprune.search.results.folder import RunFolder
from hyperprune.search.results.smallest_folder import SmallestFolder
from hyperprune.training import JobFolder, TrainConfig, load_network
from hyperprune.training.stored import checkpoint
from hyperprune.training.stored.run_folder import CONFIG, kind_of, read_config
from hyperprune.training.stored.weights_file import SUFFIXES
from hyperprune.training.train_one import NETWORK

T = TypeVar("T")
_TRIES = 5
_LEVELS = 3  # a checkpoint lies at most this deep in its run: candidates/7/epoch-0003.safetensors


@dataclass(frozen=True)
class Trained:
    """A checkpoint, and the configuration of the run that it lies in.

    Attributes:
        weights: the safetensors file.
        config: the run's; None for a checkpoint that lies somewhere else.
    """

    weights: Path
    config: SearchConfig | TrainConfig | None

    def load(self, task: str | None = None) -> nn.Module:
        """The network in evaluation mode; as :func:`hyperprune.training.load_network`."""
        level = None if self.config is None else self.config.described.level
        return load_network(self.weights, task, level)


def find(path: Path, candidate: int | None = None, *, dense: bool = False) -> Trained:
    """The network that a path stands for.

    Args:
        path: a checkpoint; the folder of a network, whose best epoch counts; or a run folder.
        candidate: which one of a search; None for the selected one.
        dense: the dense reference of a search instead.

    Raises:
        RunFolderError: no such network.
        CheckpointError: there is nothing at ``path``.
    """
    path = files.place(path)
    if not path.exists():
        raise CheckpointError(f"{path} does not exist: give an existing checkpoint or run folder")
    if path.suffix in SUFFIXES and path.is_file() and not _is_ours(path):
        raise CheckpointError(
            f"{path} holds weights alone and does not say of which network: give it as --reference to "
            "hyperprune search, train or spectrum, and here the run folder that they make"
        )
    if path.suffix in (".safetensors", ".json") and path.is_file():
        _no_choice(path, candidate, dense)
        return Trained(path.with_suffix(".safetensors"), _config_above(path))
    if (path / CONFIG).is_file():
        return _of_run(path, candidate, dense)
    if path.is_dir() and checkpoint.epochs(path):
        _no_choice(path, candidate, dense)
        return Trained(best_weights(JobFolder(path)), _config_above(path))
    raise CheckpointError(
        f"{path} is neither a checkpoint (epoch-0003.safetensors) nor a run folder: give one of these"
    )


def with_network(path: Path, candidate: int | None, use: Callable[[Trained], T], *, dense: bool = False) -> T:
    """Use the network that a path stands for, also of a run that trains at this moment.

    There the best checkpoint may have made way for a better one by the time that it is read; then the
    network is found again.

    Args:
        path: as in :func:`find`.
        candidate: likewise.
        use: what is done with it; called again if its checkpoint has gone.
        dense: as in :func:`find`.

    Raises:
        CheckpointError: as ``use`` does for a checkpoint that is still there.
    """
    for _ in range(_TRIES):
        found = find(path, candidate, dense=dense)
        try:
            return use(found)
        except CheckpointError:
            if found.weights.with_suffix(".json").exists():
                raise
    return use(find(path, candidate, dense=dense))


def best_weights(folder: JobFolder) -> Path:
    """The checkpoint of the epoch with the lowest validation loss.

    Raises:
        RunFolderError: nothing has been trained there.
    """
    return checkpoint.path(folder.path, folder.best_epoch())


def _of_run(path: Path, candidate: int | None, dense: bool) -> Trained:
    kind = kind_of(path)
    if kind == "train":
        _no_choice(path, candidate, dense)
        return Trained(best_weights(JobFolder(path / NETWORK)), read_config(path, TrainConfig))
    run = SmallestFolder(path).chosen() if kind == SMALLEST else RunFolder(path)
    return Trained(best_weights(_job(run, candidate, dense)), run.config())


def _job(run: RunFolder, candidate: int | None, dense: bool) -> JobFolder:
    if dense and candidate is not None:
        raise RunFolderError("the dense reference is no candidate: give either --dense or --candidate")
    if dense:
        return run.dense
    result = run.result()
    if candidate is None:
        candidate = run.finished().selected
        if candidate is None:
            raise RunFolderError(
                f"the search in {run.path} selected nothing, because every finalist failed: give --dense or "
                "a --candidate"
            )
    if result is not None and candidate < len(result.candidates):
        original = result.candidates[candidate].duplicate_of
        candidate = candidate if original is None else original
    folder = run.candidate(candidate)
    if not folder.path.is_dir():
        known = sorted(
            int(entry.name) for entry in (run.path / "candidates").glob("*") if entry.name.isdecimal()
        )
        raise RunFolderError(
            f"{run.path} has no network of a candidate {candidate}: give one of "
            f"{', '.join(map(str, known)) or 'a search that has got that far'}"
        )
    return folder


def _is_ours(path: Path) -> bool:
    """Whether a document stands beside a file of weights that says what they are of."""
    return path.suffix == ".safetensors" and path.with_suffix(".json").exists()


def _no_choice(path: Path, candidate: int | None, dense: bool) -> None:
    if dense or candidate is not None:
        raise RunFolderError(
            f"--dense and --candidate choose a network of a search, and {path} is none: leave them out, or "
            "give the run folder of a search"
        )


def _config_above(path: Path) -> SearchConfig | TrainConfig | None:
    for folder in list(path.parents)[:_LEVELS]:
        if (folder / CONFIG).is_file():
            kind = kind_of(folder)
            if kind == "train":
                return read_config(folder, TrainConfig)
            return read_config(folder, SmallestConfig if kind == SMALLEST else SearchConfig)
    return None
