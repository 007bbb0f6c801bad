"""The network whose spectrum is asked for, trained or not, and the text that drives it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from hyperprune.accelerators import check_device
from hyperprune.cli.own_tasks import importable
from hyperprune.cli.work.trained_task import recipe_of, trained_task
from hyperprune.errors import CheckpointError, ConfigurationError
from hyperprune.lyapunov import Driven
from hyperprune.models import MODELS
from hyperprune.search import PRESETS, configure_training, find, validated
from hyperprune.seeding import seed_globally
from hyperprune.tasks import SHIPPED, SpectrumConfig
from hyperprune.training import RuntimeConfig
from hyperprune.training.evaluation import filled, loaded
from hyperprune.training.state import seed_for_training
from hyperprune.training.stored.weights_file import load_given, say_origin

_UNTRAINED_KEYS = ("model.embedding", "model.hidden", "model.layers", "reference.checkpoint", "seed")


@dataclass(frozen=True, eq=False)
class Subject:
    """What the spectrum is taken of.

    Attributes:
        name: for people.
        driven: from sequences and steps to what the spectrum is taken of.
        conventions: those of the run or the configuration.
    """

    name: str
    driven: Callable[[int, int], Driven]
    conventions: SpectrumConfig


def subject_of(
    target: str,
    values: dict[str, Any],
    candidate: int | None,
    task: str | None,
    *,
    dense: bool,
    device: str,
) -> Subject:
    """Find or make the network that ``target`` stands for.

    Raises:
        CheckpointError: there is nothing of that name.
        ConfigurationError: options that do not fit it.
    """
    runtime = validated(RuntimeConfig, {"device": device})
    check_device(runtime.device)
    path = Path(target)
    if not path.exists() and (target in (*PRESETS, *MODELS) or _is_task(target)):
        return _untrained(target, target if target in PRESETS else None, None, values, runtime.device)
    if path.suffix == ".toml" and path.is_file():
        return _untrained(target, None, path, values, runtime.device)
    try:
        found = find(path, candidate, dense=dense)
    except CheckpointError as error:
        if path.exists():
            raise
        known = ", ".join((*PRESETS, *MODELS, *SHIPPED))
        raise CheckpointError(f"{error}, or for an untrained network one of {known}") from None
    named = [key for key in _UNTRAINED_KEYS if key in values]
    if named:
        raise ConfigurationError(
            f"{named[0]} is fixed in a trained network, got {values[named[0]]}: leave it out, or give a kind "
            f"such as {next(iter(MODELS))} for an untrained one"
        )
    conventions = SpectrumConfig() if found.config is None else found.config.spectrum
    named_task = trained_task(found, values, task)
    opened, whole = named_task.open(recipe_of(found, {}), device=device), loaded(found.weights)
    network = filled(opened.network(), whole)
    return Subject(str(found.weights), partial(opened.driven, network), conventions)


def _untrained(
    name: str, preset: str | None, file: Path | None, values: dict[str, Any], device: str
) -> Subject:
    """A network as training would start it: same seed, same weights; or the weights of a reference."""
    kind = {} if preset or file else {"task.object" if _is_task(name) else "model.kind": name}
    importable()
    config = configure_training(preset, file, {**kind, **values})
    opened = config.described.open(config.recipe, config.seed, device)
    seed_globally(seed_for_training(config.seed))
    network, given = opened.network().eval(), config.reference
    if given is not None:
        say_origin(given, load_given(network, given))
    what = "untrained" if given is None else given.checkpoint
    return Subject(f"{name}, {what}", partial(opened.driven, network), config.spectrum)


def _is_task(name: str) -> bool:
    """Whether a name is that of a shipped task, or such as ``package.module:object``."""
    return name in SHIPPED or ":" in name
