"""From an exported folder to a network that runs."""

import logging
from pathlib import Path
from typing import Literal

from pydantic import ValidationError
from torch import nn

from hyperprune.errors import ConfigurationError, ExportError
from hyperprune.inference.build import BuildError
from hyperprune.inference.by_hand import ByHand
from hyperprune.inference.choose import Prefer
from hyperprune.inference.folder import Exported, read_folder
from hyperprune.inference.kernels import Engine, Kernels
from hyperprune.inference.pack import pack
from hyperprune.inference.plain import PlainNetwork
from hyperprune.inference.running import ModuleRunning, PlainRunning, Running
from hyperprune.models import ModelConfig, build, planned

Wanted = Literal["auto", "c", "torch"]

logger = logging.getLogger(__name__)


def load(
    folder: str | Path, *, kernels: Wanted = "auto", prefer: Prefer = "speed", int8: bool | None = None
) -> Running:
    """A network from a folder of ``hyperprune export``, ready to run.

    Args:
        folder: of the format ``torch`` or ``hub``.
        kernels: ``c``, ``torch``, or the kernels in C wherever they can be built.
        prefer: what decides how each matrix is kept in memory, speed or size.
        int8: run on 8-bit weights; as they were exported if left out.

    Returns:
        An object with ``step`` and ``run``, whose ``kernel`` and ``why`` say what runs it.

    Raises:
        ExportError: the folder is missing, damaged, or of another version.
        ConfigurationError: kernels in C were asked for, and cannot be had.
    """
    if kernels not in ("auto", "c", "torch"):
        raise ConfigurationError(f"unknown kernels {kernels!r}: choose one of auto, c, torch")
    exported = read_folder(folder)
    network, vocabulary = exported.plain(), exported.description.vocabulary
    if network is None:
        if kernels == "c":
            raise ConfigurationError(
                f"{exported.description.network} has no kernels in C: leave kernels='c' out, it runs on torch"
            )
        why = f"torch: {exported.description.network} is not made of LSTM, GRU or tanh layers alone"
        return ModuleRunning(_module(exported), why, vocabulary)
    small = exported.description.int8 if int8 is None else int8
    engine, why = engine_for(network, kernels, prefer, int8=small)
    names = exported.description.plain
    layerwise = names is not None and names.layerwise
    return PlainRunning(network, engine, why, layerwise=layerwise, vocabulary=vocabulary)


def load_pretrained(folder: str | Path) -> nn.Module:
    """The network of an exported folder as a module of torch, in evaluation mode.

    Its pruned weights are zeros. A network of a task of your own is given with the class of that task:
    ``network.load_state_dict(hyperprune.inference.read_folder(folder).state())``.

    Args:
        folder: of the format ``torch`` or ``hub``.

    Raises:
        ExportError: the folder is missing, damaged, of another version, or of a class that is not ours.
    """
    return _module(read_folder(folder))


def engine_for(
    network: PlainNetwork, kernels: Wanted = "auto", prefer: Prefer = "speed", *, int8: bool = False
) -> tuple[Engine, str]:
    """What runs a plain network, and why.

    Raises:
        ConfigurationError: kernels in C were asked for, and cannot be had.
    """
    if kernels != "torch":
        try:
            packed = pack(network, int8=int8, prefer=prefer)
            engine = Kernels(packed.data)
        except BuildError as error:
            if kernels == "c":
                raise ConfigurationError(f"kernels in C were asked for, but {error}") from None
            return ByHand(network, f"torch: {error}"), f"torch: {error}"
        kept = "; ".join(
            f"{name} as {choice.layout.name}, {choice.why}" for name, choice in packed.choices.items()
        )
        return engine, f"c: {engine.why}; {'int8' if int8 else 'float32'}; {kept}"
    return ByHand(network, "torch: asked for"), "torch: asked for"


def _module(exported: Exported) -> nn.Module:
    description = exported.description
    if description.model is None or description.vocabulary is None:
        raise ExportError(
            f"{exported.folder} holds a {description.network}, which is no class of hyperprune: build it "
            "yourself and give it hyperprune.inference.read_folder(folder).state(), or use "
            "hyperprune.inference.load(folder)"
        )
    state = exported.state()
    try:
        config = ModelConfig.model_validate(description.model)
        plan = planned(config, len(description.vocabulary)).state_dict()
        shapes = {name: value.shape for name, value in plan.items()}
        if shapes != {name: value.shape for name, value in state.items()}:
            raise ConfigurationError("its sizes are not those of its tensors")
        module = build(config, len(description.vocabulary))
        module.load_state_dict(state)
    except (ValidationError, ConfigurationError, RuntimeError) as error:
        first = str(error).splitlines()[0]
        raise ExportError(
            f"{exported.folder} is damaged, or of a network that this version does not know ({first}): "
            "export it anew"
        ) from None
    return module.eval()
