"""The network whose spectrum is asked for, trained or not, and the text that drives it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from hyperprune.cli.texts import text_of
from hyperprune.corpora import load as load_corpus
from hyperprune.errors import CheckpointError, ConfigurationError
from hyperprune.models import MODELS, build
from hyperprune.search import PRESETS, configure_training, find, validated
from hyperprune.seeding import seed_globally
from hyperprune.training import RuntimeConfig, SpectrumConfig, load_network
from hyperprune.training.evaluation import text_for
from hyperprune.training.state import seed_for_training

_UNTRAINED_KEYS = ("model.embedding", "model.hidden", "model.layers", "seed")


@dataclass(frozen=True, eq=False)
class Subject:
    """What the spectrum is taken of.

    Attributes:
        name: for people.
        network: in evaluation mode, on its device.
        valid: token numbers of the validation part, ``(tokens,)``.
        conventions: those of the run or the configuration.
    """

    name: str
    network: nn.Module
    valid: Tensor
    conventions: SpectrumConfig


def network_and_text(
    target: str, values: dict[str, Any], candidate: int | None, *, dense: bool, device: str
) -> Subject:
    """Find or make the network that ``target`` stands for.

    Raises:
        CheckpointError: there is nothing of that name.
        ConfigurationError: options that do not fit it.
    """
    runtime = validated(RuntimeConfig, {"device": device})
    path = Path(target)
    if not path.exists() and target in (*PRESETS, *MODELS):
        return _untrained(target, target if target in PRESETS else None, None, values, runtime.device)
    if path.suffix == ".toml" and path.is_file():
        return _untrained(target, None, path, values, runtime.device)
    try:
        found = find(path, candidate, dense=dense)
    except CheckpointError as error:
        if path.exists():
            raise
        known = ", ".join((*PRESETS, *MODELS))
        raise CheckpointError(f"{error}, or for an untrained network one of {known}") from None
    named = [key for key in _UNTRAINED_KEYS if key in values]
    if named:
        raise ConfigurationError(
            f"{named[0]} is fixed in a trained network, got {values[named[0]]}: leave it out, or give a kind "
            f"such as {next(iter(MODELS))} for an untrained one"
        )
    text = text_for(found.weights, text_of(found, values))
    conventions = SpectrumConfig() if found.config is None else found.config.spectrum
    return Subject(str(found.weights), load_network(found.weights).to(device), text.valid, conventions)


def _untrained(
    name: str, preset: str | None, file: Path | None, values: dict[str, Any], device: str
) -> Subject:
    """A network as training would start it: same seed, same weights."""
    kind = {} if preset or file else {"model.kind": name}
    config = configure_training(preset, file, {**kind, **values})
    if config.corpus is None or config.model is None:
        raise ConfigurationError(f"{name} names a task of its own: train it first, then give its run folder")
    corpus = load_corpus(config.corpus)
    seed_globally(seed_for_training(config.seed))
    network = build(config.model, len(corpus.vocabulary)).eval().to(device)
    return Subject(f"{name}, untrained", network, corpus.valid, config.spectrum)
