"""Finding a plain network inside a module, by what its parts receive and give when it runs."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from hyperprune.errors import ConfigurationError
from hyperprune.inference.description import LayerNames, PlainNames
from hyperprune.inference.plain import Kind

_KINDS: tuple[tuple[type[nn.RNNBase], Kind], ...] = ((nn.LSTM, "lstm"), (nn.GRU, "gru"), (nn.RNN, "rnn"))


@dataclass(frozen=True, eq=False)
class Traced:
    """What a module turned out to be.

    Attributes:
        names: the plain network inside it; None if it has none.
        why: what stands against it, where there is none.
        inputs: what reaches the plain network: tokens ``(time, batch)`` or ``(time, batch, features)``.
        outputs: what comes out of it, ``(time, batch, outputs)``, or ``(1, batch, outputs)`` if only the
            last step is read.
    """

    names: PlainNames | None
    why: str = ""
    inputs: Tensor | None = None
    outputs: Tensor | None = None


@dataclass(frozen=True, eq=False)
class _Call:
    """One call of a part: its name, itself, its first argument, what it gave, and the state it was given."""

    name: str
    module: nn.Module
    given: Tensor
    gave: Tensor
    state: Any = None


def trace(network: nn.Module, inputs: Any) -> Traced:
    """Run a module once and say whether it is an embedding, recurrent layers and a decoder, and no more.

    What is only reshaped between them does not matter; anything else that is done to a number does.

    Args:
        network: in evaluation mode.
        inputs: its argument, or a tuple of several.
    """
    calls, result = _observed(network, inputs)
    try:
        return _understood(network, calls, inputs, result)
    except ConfigurationError as error:
        return Traced(None, str(error))


def _observed(network: nn.Module, inputs: Any) -> tuple[list[_Call], Tensor]:
    calls: list[_Call] = []
    hooks = []

    def watch(name: str, module: nn.Module) -> None:
        def note(_: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], gave: Any) -> None:
            given = [*args, *(kwargs[key] for key in ("input", "hx") if key in kwargs)]
            calls.append(_Call(name, module, given[0], _first(gave), given[1] if len(given) > 1 else None))

        hooks.append(module.register_forward_hook(note, with_kwargs=True))

    for name, module in network.named_modules():
        if isinstance(module, nn.Embedding | nn.Linear | nn.RNNBase | nn.RNNCellBase):
            watch(name, module)
    try:
        with torch.no_grad():
            result = network(*inputs) if isinstance(inputs, tuple) else network(inputs)
    finally:
        for hook in hooks:
            hook.remove()
    return calls, _first(result)


def _understood(network: nn.Module, calls: list[_Call], inputs: Any, result: Tensor) -> Traced:
    recurrent = [call for call in calls if isinstance(call.module, nn.RNNBase | nn.RNNCellBase)]
    kind = _kind(recurrent)
    flow = _time_first(recurrent[0], recurrent[0].given)
    embedding = _embedding(calls, recurrent[0])
    if embedding is None:
        source = inputs[0] if isinstance(inputs, tuple) else inputs
        if not (isinstance(source, Tensor) and _same_numbers(source, recurrent[0].given)):
            raise ConfigurationError(
                "what is fed to it goes through more than an embedding before its layers"
            )
    layers, hidden = [], flow
    for call in recurrent:
        if not _equal(_time_first(call, call.given), hidden):
            raise ConfigurationError("something happens between its recurrent layers")
        layers += _layers(call)
        hidden = _time_first(call, call.gave)
    decoder, outputs = _decoder(calls, hidden)
    if not _same_numbers(result, outputs):
        raise ConfigurationError("what its layers give goes through more than one linear layer")
    tokens = None if embedding is None else _tokens(recurrent[0], embedding)
    names = PlainNames(
        kind=kind,
        layers=tuple(layers),
        embedding=None if embedding is None else f"{embedding.name}.weight",
        decoder=None if decoder is None else f"{decoder.name}.weight",
        decoder_bias=None if decoder is None or decoder.module.bias is None else f"{decoder.name}.bias",
        layerwise=len(recurrent) > 1 or isinstance(getattr(network, "recurrent", None), nn.ModuleList),
    )
    return Traced(names, "", flow if tokens is None else tokens, outputs)


def _kind(recurrent: list[_Call]) -> Kind:
    """The kind of all recurrent modules, if it is one that the kernels have."""
    if not recurrent:
        raise ConfigurationError("it has no nn.LSTM, nn.GRU or nn.RNN that it calls")
    if len({call.name for call in recurrent}) < len(recurrent) or any(
        isinstance(call.module, nn.RNNCellBase) for call in recurrent
    ):
        raise ConfigurationError("it calls its recurrent part step by step")
    kinds = {next((kind for base, kind in _KINDS if isinstance(c.module, base)), None) for c in recurrent}
    (kind, *others) = kinds
    if kind is None or others:
        raise ConfigurationError("its recurrent layers are of several kinds")
    for call in recurrent:
        module = call.module
        assert isinstance(module, nn.RNNBase)
        if not isinstance(call.given, Tensor):
            raise ConfigurationError("it packs its sequences, so trace it on sequences of one length")
        if not _is_zero(call.state):
            raise ConfigurationError("its layers begin from a state that is not zero")
        if nn.utils.parametrize.is_parametrized(module) or "weight_hh_l0" not in module._parameters:
            raise ConfigurationError(
                "its weights are computed from others: remove their parametrisations first"
            )
        if module.bidirectional or module.proj_size:
            raise ConfigurationError("its recurrent layers run both ways, or project their state")
        if getattr(module, "nonlinearity", "tanh") != "tanh":
            raise ConfigurationError("its nonlinearity is not tanh")
    return kind


def _is_zero(state: Any) -> bool:
    if isinstance(state, tuple | list):
        return all(_is_zero(part) for part in state)
    return state is None or not bool(state.any())


def _layers(call: _Call) -> list[LayerNames]:
    module, prefix = call.module, f"{call.name}." if call.name else ""
    assert isinstance(module, nn.RNNBase)
    return [
        LayerNames(
            weight_ih=f"{prefix}weight_ih_l{number}",
            weight_hh=f"{prefix}weight_hh_l{number}",
            bias_ih=f"{prefix}bias_ih_l{number}" if module.bias else None,
            bias_hh=f"{prefix}bias_hh_l{number}" if module.bias else None,
        )
        for number in range(module.num_layers)
    ]


def _embedding(calls: list[_Call], first: _Call) -> _Call | None:
    found = [call for call in calls if isinstance(call.module, nn.Embedding)]
    for call in found:
        if call.gave.shape[-1] == first.given.shape[-1] and _same_numbers(call.gave, first.given):
            return call
    if found:
        raise ConfigurationError("something happens to its embedded tokens before its layers")
    return None


def _tokens(recurrent: _Call, embedding: _Call) -> Tensor:
    """Tokens ``(time, batch)``, found by the shape that their features reach the layers in."""
    tokens, shape = embedding.given, recurrent.given.shape[:-1]
    tokens = tokens if tokens.shape == shape else tokens.mT
    return tokens.mT if _batch_first(recurrent) else tokens


def _decoder(calls: list[_Call], hidden: Tensor) -> tuple[_Call | None, Tensor]:
    """The linear layer that reads the last layer, and its outputs."""
    time, batch, units = hidden.shape
    for call in calls:
        if not isinstance(call.module, nn.Linear) or call.given.shape[-1] != units:
            continue
        rows = call.given.reshape(-1, units)
        if _equal(rows, hidden.reshape(-1, units)):
            return call, call.gave.reshape(time, batch, -1)
        if _equal(rows, hidden.transpose(0, 1).reshape(-1, units)):
            return call, call.gave.reshape(batch, time, -1).transpose(0, 1)
        if _equal(rows, hidden[-1]):
            return call, call.gave.reshape(1, batch, -1)
    return None, hidden


def _time_first(call: _Call, values: Tensor) -> Tensor:
    if values.dim() == 2:
        values = values[:, None]
        return values
    return values.transpose(0, 1) if _batch_first(call) else values


def _batch_first(call: _Call) -> bool:
    return bool(getattr(call.module, "batch_first", False)) and call.given.dim() == 3


def _first(value: Any) -> Tensor:
    """The tensor among what a module gave: itself, or the first of a tuple."""
    while isinstance(value, tuple | list):  # of a packed sequence this is its data
        value = value[0]
    if not isinstance(value, Tensor):
        raise ConfigurationError(
            f"an exported network must give a tensor, or one and its state, got a {type(value).__name__}: "
            "export the module inside it"
        )
    return value


def _equal(one: Tensor, other: Tensor) -> bool:
    return one.shape == other.shape and torch.equal(one, other)


def _same_numbers(one: Tensor, other: Tensor) -> bool:
    """Whether two tensors are the same numbers in the same order, or with time and batch exchanged."""
    if one.numel() != other.numel():
        return False
    flat = other.reshape(-1)
    if torch.equal(one.reshape(-1).to(flat.dtype), flat):
        return True
    return other.dim() > 1 and torch.equal(one.reshape(-1).to(flat.dtype), other.transpose(0, 1).reshape(-1))
