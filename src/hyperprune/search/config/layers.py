"""Configurations in layers: a preset, a TOML file, single values, each overriding the one before."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from hyperprune import files
from hyperprune.config.mistakes import first_mistake
from hyperprune.config.toml import read_configuration
from hyperprune.errors import ConfigurationError
from hyperprune.models import known_keys
from hyperprune.search.config.baselines import baseline as baseline_of
from hyperprune.search.config.preflight import check_choices
from hyperprune.search.config.presets import preset as preset_tables
from hyperprune.search.config.runtime import SearchRuntime
from hyperprune.search.config.search_config import SearchConfig
from hyperprune.sparsity import METHODS
from hyperprune.tasks import Tasked
from hyperprune.tasks.opened import score_of
from hyperprune.tasks.own import OwnTask, make_task, named
from hyperprune.tasks.recipe import Recipe
from hyperprune.training import RuntimeConfig
from hyperprune.training.stored.weights_file import GivenWeights
from hyperprune.training.train_one import TrainConfig

C = TypeVar("C", bound=BaseModel)
logger = logging.getLogger(__name__)
T = TypeVar("T", bound=Tasked)


def configure(
    preset: str | None = None,
    file: Path | None = None,
    values: Mapping[str, Any] | None = None,
    *,
    baseline: str | None = None,
    budget: int | None = None,
    **groups: Any,
) -> SearchConfig:
    """The configuration of a search, or of what it is compared with.

    ``configure("demo", sparsity=0.8, search={"candidates": 6}, recipe=Recipe(epochs=4))`` says the same as
    ``configure("demo", values={"sparsity": 0.8, "search.candidates": 6, "recipe.epochs": 4})``.

    Args:
        preset: name of a ready configuration.
        file: a TOML file; relative corpus paths in it count from the current folder.
        values: single values by dotted name, such as ``{"recipe.epochs": 20}``; None values are left out.
        baseline: random, exhaustive, halving or hyperband, at the cost of the search that the rest describes.
        budget: epochs that the baseline's candidates may train in place of that.
        groups: keys by name, a table as a dictionary or as its record, of which only what was given counts.

    Raises:
        ConfigurationError: a file that cannot be read, an unknown key or an impossible value.
    """
    values = {**_flat(groups), **(values or {})}
    config = validated(SearchConfig, layered(preset, file, values))
    check_choices(config)
    for name in config.space.method:
        _say_difference(name, config.recipe.optimizer, config.recipe.momentum)
    if baseline is None:
        if budget is not None:
            raise ConfigurationError(
                f"a budget belongs to a baseline, and none is given with {budget}: give --baseline too, "
                "or size the search by --candidates"
            )
        return config
    given = {name for name, value in values.items() if value is not None}
    return baseline_of(config, baseline, budget, given)


def configure_training(
    preset: str | None = None,
    file: Path | None = None,
    values: Mapping[str, Any] | None = None,
    **groups: Any,
) -> TrainConfig:
    """The configuration of a single training, from the same layers without what only a search has.

    A named method brings the optimiser that is a part of it, unless the file or the values give one.

    Raises:
        ConfigurationError: as :func:`configure`.
    """
    values = {**_flat(groups), **(values or {})}
    tables = layered(preset, file, values)
    _as_published(tables, file, values)
    for table in ("search", "space", "families", "dense_start"):
        tables.pop(table, None)
    for key in set(SearchRuntime.model_fields) - set(RuntimeConfig.model_fields):
        tables.get("runtime", {}).pop(key, None)
    if tables.get("reference") is not None:  # a training starts from it; the rest is a search's
        tables["reference"] = {
            key: value for key, value in tables["reference"].items() if key in GivenWeights.model_fields
        }
    return validated(TrainConfig, tables)


def _as_published(tables: dict[str, Any], file: Path | None, values: Mapping[str, Any]) -> None:
    """Complete the recipe from the method, or say that the user's optimiser is another one."""
    variant = tables.get("variant")
    name = variant.get("method") if isinstance(variant, Mapping) else None
    if tables.get("dense") or not isinstance(name, str) or name not in METHODS:
        return  # an unknown name is refused with the rest
    recipe = tables.setdefault("recipe", {})
    own = _read(file).get("recipe", {}) if file is not None else {}
    if not isinstance(recipe, dict) or not isinstance(own, Mapping):
        return
    given = {*own, *(n.removeprefix("recipe.") for n, v in values.items() if v is not None)}
    if tables.get("task") is not None:
        given |= set(recipe)  # what a task asks for was chosen for it
    defaults = {key: Recipe.model_fields[key].default for key in ("optimizer", "momentum", "learning_rate")}
    recipe |= METHODS[name].completed({**defaults, **recipe}, given)
    whole = {**defaults, **recipe}
    _say_difference(name, whole["optimizer"], whole["momentum"])


def _say_difference(name: str, optimizer: str, momentum: float) -> None:
    """Warn of a method that trains with another optimiser than it was published with."""
    difference = METHODS[name].difference(name, optimizer, momentum) if name in METHODS else None
    if difference is not None:
        logger.warning(difference)


def layered(preset: str | None, file: Path | None, values: Mapping[str, Any] | None) -> dict[str, Any]:
    """The tables of all layers together, before any check of keys and values.

    Where a layer gives another kind of network than those before it, what they say about the network is
    kept as far as the new kind has such keys.
    """
    tables: dict[str, Any] = {}
    if preset is not None:
        _merge(tables, preset_tables(preset))
    if file is not None:
        _merge(tables, _read(file))
    for name, value in (values or {}).items():
        if value is not None:
            _merge(tables, _nest(name, value))
    return tables if tables.get("task") is None else _with_task(tables)


def for_task(
    task: Any,
    values: Mapping[str, Any] | None = None,
    settings: Mapping[str, Any] | None = None,
    **groups: Any,
) -> SearchConfig:
    """The configuration of a search for a task of your own.

    Args:
        task: its class, a function that returns it, the object, or ``package.module:object``.
        values: single values by dotted name, such as ``{"recipe.epochs": 20}``, over the task's defaults.
        settings: keyword arguments of the class or function.
        groups: as those of :func:`configure`.

    Raises:
        ConfigurationError: it is no task, or a value is impossible.
    """
    own = named(task, dict(settings or {}))
    given = {"task.object": own.object, "task.settings": own.settings, **(values or {})}
    return configure(values=given, **groups)


def _with_task(tables: dict[str, Any]) -> dict[str, Any]:
    """The defaults of a task below the tables, and what it calls its number.

    The task is imported: whoever configures names it, and so wants its code to run.
    """
    own = tables["task"]
    if isinstance(own, Mapping) and "object" not in own:
        raise ConfigurationError(
            f"settings belong to a task, got {', '.join(own.get('settings', own))} and no task: give "
            "--task too"
        )
    given = validated(OwnTask, {"object": own} if isinstance(own, str) else own)
    task = make_task(given)
    found: dict[str, Any] = {}
    for name, value in getattr(task, "defaults", {}).items():
        _merge(found, _nest(name, value))
    _merge(found, tables)
    return {**found, "task": given.model_copy(update={"score": score_of(task)}).model_dump()}


def changed(config: T, values: Mapping[str, Any]) -> T:
    """A stored configuration with other values by dotted name, checked; nothing is imported.

    Raises:
        ConfigurationError: a value is impossible, or is of something that the configuration does not have.
    """
    tables = config.model_dump(mode="json")
    if tables.get("task") is None and any(name.startswith("task.") for name in values):
        raise ConfigurationError(
            f"task and its settings are fixed in a run, and this one is of {config.described.subject}: leave "
            "--task and --setting out, or give another --out"
        )
    for name, value in values.items():
        _merge(tables, _nest(name, value))
    return validated(type(config), tables)


def validated(model: type[C], tables: Mapping[str, Any]) -> C:
    """The checked record of some tables.

    Raises:
        ConfigurationError: the first mistake in them.
    """
    try:
        return model.model_validate(tables)
    except ValidationError as error:
        raise ConfigurationError(first_mistake(error, model)) from None


def _read(file: Path) -> dict[str, Any]:
    try:
        return read_configuration(files.expanded(file))
    except OSError as error:
        raise ConfigurationError(
            f"cannot read {file}: {error.strerror}; hyperprune search --init {file.name or 'config.toml'} "
            "writes a configuration to start from"
        ) from None
    except ValueError as error:
        raise ConfigurationError(f"{file} is not TOML: {error}; fix it there") from None


def _merge(into: dict[str, Any], tables: Mapping[str, Any]) -> None:
    for key, value in tables.items():
        if isinstance(value, Mapping) and isinstance(into.get(key), dict):
            if key == "model" and value.get("kind", into[key].get("kind")) != into[key].get("kind"):
                into[key] = known_keys(into[key], value["kind"])
            _merge(into[key], value)
        else:
            into[key] = dict(value) if isinstance(value, Mapping) else value


def _flat(groups: Mapping[str, Any], above: str = "") -> dict[str, Any]:
    """Nested tables and records as values by dotted name."""
    found: dict[str, Any] = {}
    for key, value in groups.items():
        name = f"{above}{key}"
        if isinstance(value, BaseModel):
            value = value.model_dump(exclude_unset=True)
        if isinstance(value, Mapping) and not above:
            found |= _flat(value, f"{name}.")
        else:
            found[name] = value
    return found


def _nest(name: str, value: Any) -> dict[str, Any]:
    for key in reversed(name.split(".")):
        value = {key: value}
    nested: dict[str, Any] = value
    return nested
