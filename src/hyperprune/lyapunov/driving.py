"""The recurrent module inside a network, and what reaches it when the network runs."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from hyperprune.errors import ConfigurationError
from hyperprune.lyapunov.prepare import evaluating

_KINDS = (nn.RNNBase, nn.RNNCellBase)


@dataclass(frozen=True, eq=False)
class Driven:
    """What :func:`hyperprune.lyapunov.spectrum` takes.

    Attributes:
        system: the recurrent module.
        inputs: what reached it, ``(time, batch, features)``.
        initial_state: the state it was called with, the module's own tensor or tuple; None for zeros.
    """

    system: nn.Module
    inputs: Tensor
    initial_state: Any = None


def recurrent_module(network: nn.Module, name: str | None = None) -> tuple[str, nn.Module]:
    """Name and module of the recurrent part of a network.

    Args:
        network: any module.
        name: of a submodule of torch's kinds (RNN, GRU, LSTM or a cell); None where there is but one.

    Raises:
        ConfigurationError: there is none, or more than one, or no such submodule.
    """
    found = {own: module for own, module in network.named_modules() if isinstance(module, _KINDS)}
    if name is not None:
        if name not in found:
            raise ConfigurationError(
                f"recurrent must name a recurrent module of {type(network).__name__}, got {name!r}: choose "
                "one of "
                f"{', '.join(map(repr, found)) or 'RNN, GRU, LSTM or their cells, of which it has none'}"
            )
        return name, found[name]
    if len(found) == 1:
        return next(iter(found.items()))
    remedy = (
        f"say which one with recurrent = {next(iter(found))!r} in the task"
        if found
        else "use nn.RNN, nn.GRU, nn.LSTM or a cell of theirs"
    )
    raise ConfigurationError(
        f"a spectrum is of one recurrent module, {type(network).__name__} has "
        f"{len(found) or 'none'}{' (' + ', '.join(found) + ')' if found else ''}: {remedy}, or give the "
        "network the attributes embed and recurrent (docs/lyapunov.md)"
    )


def drive(network: nn.Module, inputs: Any, name: str | None = None) -> Driven:
    """Run a network on ``inputs`` and take down what its recurrent module receives.

    Args:
        network: run once, in evaluation mode and without graph.
        inputs: its argument, or a tuple of several.
        name: see :func:`recurrent_module`.

    Raises:
        ConfigurationError: there is not one such module, or it was not called as a spectrum can follow.
    """
    own, module = recurrent_module(network, name)
    calls: list[tuple[Any, Any]] = []

    def note(_: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        given = [*args, *(kwargs[key] for key in ("input", "hx") if key in kwargs)]
        calls.append((given[0], given[1] if len(given) > 1 else None))

    handle = module.register_forward_pre_hook(note, with_kwargs=True)
    try:
        with torch.no_grad(), evaluating(network):
            network(*inputs) if isinstance(inputs, tuple) else network(inputs)
    finally:
        handle.remove()
    return _of_calls(own or type(module).__name__, module, calls)


def _of_calls(name: str, module: nn.Module, calls: list[tuple[Any, Any]]) -> Driven:
    """A cell is called once a step, a layered module once for all of them."""
    is_cell = isinstance(module, nn.RNNCellBase)
    if not calls or (len(calls) > 1 and not is_cell):
        raise ConfigurationError(
            f"{name} must be called once when the network runs, it was called {len(calls)} times: give "
            "spectrum_inputs that the network takes in one piece, or the network the attributes embed and "
            "recurrent (docs/lyapunov.md)"
        )
    if not all(isinstance(value, Tensor) for value, _ in calls):
        raise ConfigurationError(
            f"{name} received a {type(calls[0][0]).__name__}, a spectrum needs a tensor: give "
            "spectrum_inputs sequences of one length, so that the network need not pack them"
        )
    first, state = calls[0]
    if is_cell:
        return Driven(module, torch.stack([value.reshape(-1, value.shape[-1]) for value, _ in calls]), state)
    if first.dim() == 2:
        return Driven(module, first[:, None], _batched(state))
    return Driven(module, first.transpose(0, 1) if module.batch_first else first, state)


def _batched(state: Any) -> Any:
    """The state of a sequence without a batch, as one of a batch of one."""
    if isinstance(state, Tensor):
        return state[:, None]
    return None if state is None else tuple(_batched(part) for part in state)
