"""A model's recurrent part and what drives it: by its ``embed``, if that is what the model itself does."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from hyperprune.errors import ConfigurationError
from hyperprune.lyapunov.contract import Cell, Network
from hyperprune.lyapunov.driven.calls import Call, reached, run_noting, unpacked
from hyperprune.lyapunov.driven.plain import plain

_OTHERWISE = (
    "give lyapunov.spectrum the recurrent module and what drives it, or the model an embed that does all "
    "that comes before it (docs/lyapunov.md)"
)


@dataclass(frozen=True, eq=False)
class Source:
    """What a spectrum is of.

    Attributes:
        system: what layers are built from.
        inputs: what drives it.
        state: where it begins, as the model has it; None for zeros.
        mask: ``(time, batch)``, where sequences differ in length.
        time_first: whether ``inputs`` are, whatever the module's own layout.
    """

    system: Any
    inputs: Any
    state: Any = None
    mask: Tensor | None = None
    time_first: bool = False


def source_of(system: Any, inputs: Any) -> Source:
    """The recurrent part of a model and its inputs; anything else as it is.

    A model is run on ``inputs`` with its recurrent modules watched. Where they receive what ``embed`` gives,
    and each of several what the one below gave, that is taken; otherwise what did reach the one module.

    Raises:
        ConfigurationError: several modules with layers between them, or a model that does not run.
    """
    if not isinstance(system, Network):
        return Source(system, inputs)
    recurrent = plain(system.recurrent)
    tokens = isinstance(inputs, Tensor) and not inputs.is_floating_point()
    embedded = system.embed(inputs) if tokens else inputs
    parts = recurrent if isinstance(recurrent, list) else [recurrent]
    if not isinstance(inputs, Tensor) or not _can_watch(system, parts):
        return Source(recurrent, embedded)
    assert isinstance(system, nn.Module)
    try:
        calls = run_noting(system, inputs, parts, lambda so_far: _as_embedded(so_far, embedded, parts))
    except Exception as error:
        if not tokens:  # floating inputs of a model of tokens are embedded already
            return Source(recurrent, embedded)
        raise ConfigurationError(
            f"{type(system).__name__} does not run on these inputs, so that what reaches its recurrent part "
            f"is unknown ({type(error).__name__}: {error}): {_OTHERWISE}"
        ) from error
    name = f"recurrent of {type(system).__name__}"
    if not any(calls) and all(isinstance(part, Cell) for part in parts):
        return Source(recurrent, embedded)  # the model calls step itself
    if _as_embedded(calls, embedded, parts):
        return Source(recurrent, _time_first(parts[0], embedded), time_first=True)
    if len(parts) > 1 or not isinstance(parts[0], nn.RNNBase | nn.RNNCellBase):
        raise ConfigurationError(
            f"{name} does not receive what embed gives, or something stands between its parts when the model "
            f"runs: {_OTHERWISE}"
        )
    found = reached(name, parts[0], calls[0])
    return Source(parts[0], found.inputs, found.state, found.mask, time_first=True)


def _can_watch(system: Any, parts: Sequence[Any]) -> bool:
    """Whether it is a module that runs, with modules as its parts; a mere structure has but one reading."""
    runs = isinstance(system, nn.Module) and type(system).forward is not nn.Module.forward
    return runs and all(isinstance(part, nn.Module) for part in parts)


def _as_embedded(calls: Sequence[Sequence[Call]], embedded: Tensor, parts: Sequence[nn.Module]) -> bool:
    """Whether each part is called once, from zero, and receives ``embedded``, or what the one below gave."""
    below: Any = embedded
    for own in calls:
        if len(own) != 1 or not isinstance(own[0].inputs, Tensor) or not _zero(own[0].state):
            return False
        if own[0].inputs.shape != below.shape or not bool(torch.equal(own[0].inputs, below)):
            return False
        below = own[0].output[0] if isinstance(own[0].output, tuple) else own[0].output
        if not isinstance(below, Tensor):
            return False
    return not any(isinstance(part, nn.RNNCellBase) for part in parts)


def _zero(state: Any) -> bool:
    if isinstance(state, tuple | list):
        return all(_zero(part) for part in state)
    return state is None or (isinstance(state, Tensor) and not bool(state.any()))


def laid_out(source: Source) -> Source:
    """Inputs ``(time, batch, ...)``: a ``batch_first`` module has its own layout, a packed batch none."""
    if isinstance(source.inputs, PackedSequence):
        padded, mask = unpacked(source.inputs)
        return replace(source, inputs=padded, mask=mask, time_first=True)
    if source.time_first or not isinstance(source.system, nn.RNNBase):
        return source
    return replace(source, inputs=_time_first(source.system, source.inputs), time_first=True)


def _time_first(module: Any, inputs: Tensor | None) -> Tensor | None:
    """Inputs of a module as ``(time, batch, ...)``; those of a single sequence have but one layout."""
    turned = isinstance(module, nn.RNNBase) and module.batch_first and inputs is not None and inputs.dim() > 2
    return inputs.transpose(0, 1) if turned and inputs is not None else inputs
