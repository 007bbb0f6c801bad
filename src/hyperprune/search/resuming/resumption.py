"""A run that is resumed from its folder alone: its config.toml says what it is."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from hyperprune.config.differences import Difference
from hyperprune.search.asking.study import stored_study
from hyperprune.search.config.extend import extension_hint
from hyperprune.search.config.layers import changed
from hyperprune.search.config.metrics_given import check_metrics
from hyperprune.search.config.search_config import SearchConfig
from hyperprune.search.config.smallest import SmallestConfig
from hyperprune.search.results.folder import RunFolder
from hyperprune.search.results.rounds_file import stored_rounds
from hyperprune.tasks import Tasked
from hyperprune.training import TrainConfig
from hyperprune.training.stored.run_folder import CONFIG, check_same, read_config

T = TypeVar("T", bound=Tasked)


def holds_run(path: Path) -> bool:
    """Whether a folder says of itself what its run is."""
    return (path / CONFIG).exists()


def resumed_search(path: Path, values: Mapping[str, Any]) -> SearchConfig:
    """The configuration of the search in a folder, with the workers that were given now.

    Args:
        path: the run folder.
        values: by dotted name. What decides the result must be as it is in the folder; a task of the user's
            own, and a metric, are named again, because a file alone imports no code.

    Raises:
        RunFolderError: the folder holds no search, or one of another configuration.
        ConfigurationError: an impossible value, or code that was not named again.
    """
    stored = read_config(path, SearchConfig)
    check_metrics(stored, path, values)
    return _resumed(stored, path, values, extends=True)


def resumed_training(path: Path, values: Mapping[str, Any]) -> TrainConfig:
    """The configuration of the training in a folder; arguments and errors as :func:`resumed_search`."""
    return _resumed(read_config(path, TrainConfig), path, values)


def resumed_smallest(path: Path, values: Mapping[str, Any]) -> SmallestConfig:
    """The configuration of the search for the smallest network in a folder; as :func:`resumed_search`."""
    stored = read_config(path, SmallestConfig)
    check_metrics(stored, path, values)
    return _resumed(stored, path, values)


def where_it_starts(path: Path, config: SearchConfig) -> str | None:
    """How far the search in a folder has come, in words; None where nothing has begun or all is done."""
    folder = RunFolder(path)
    if not folder.dense.path.exists() or (path / "result.json").exists():
        return None
    made = len(stored_rounds(folder, config.digest))
    rankings = "" if made == 0 else f", {made} ranking{'s' if made > 1 else ''} made"
    studies = (folder.study(family.name, config.families) for family in config.each_family)
    known = sum(len(stored_study(study).trials) for study in studies)
    planned = sum(bracket.candidates for family in config.each_family for bracket in family.plan.brackets)
    return f"resuming: {known} of {planned} candidates known{rankings}"


def _resumed(stored: T, path: Path, values: Mapping[str, Any], *, extends: bool = False) -> T:
    given = dict(values)
    described = stored.described.named_again(given.pop("task.object", None), str(path))
    config = changed(stored.model_copy(update=described.tables), given)
    check_same(path, config, extension_hint if extends else _nothing)
    return config


def _nothing(_: list[Difference]) -> str:
    return ""
