"""The recurrent module inside a network, and what reaches it when the network runs."""

import copy
import warnings
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from hyperprune.errors import ConfigurationError
from hyperprune.lyapunov.compute import spectrum
from hyperprune.lyapunov.contract import Network
from hyperprune.lyapunov.driven.calls import reached, run_noting
from hyperprune.lyapunov.driven.networks import laid_out, source_of
from hyperprune.lyapunov.driven.plain import plain, plain_name
from hyperprune.lyapunov.record import Spectrum

_KINDS = (nn.RNNBase, nn.RNNCellBase)


@dataclass(frozen=True, eq=False)
class Driven:
    """What :func:`hyperprune.lyapunov.spectrum` takes.

    Attributes:
        system: the recurrent module; a ``batch_first`` one as a view of its weights that takes time first.
        inputs: what reached it, ``(time, batch, features)``.
        initial_state: the state it was called with, the module's own tensor or tuple; None for zeros.
        mask: ``(time, batch)``, False behind the end of shorter sequences; None where all are as long.
    """

    system: Any
    inputs: Tensor
    initial_state: Any = None
    mask: Tensor | None = None

    def first(self, steps: int, sequences: int) -> "Driven":
        """The same of the first steps of the first sequences."""
        mask = None if self.mask is None else self.mask[:steps, :sequences]
        state = _of_first(self.initial_state, sequences)
        return Driven(self.system, self.inputs[:steps, :sequences], state, mask)

    def check(self, **choices: Any) -> None:
        """Refuse now what :meth:`spectrum` would refuse later, at the price of one step of one sequence.

        Raises:
            ConfigurationError: choices that do not fit, or sequences too short for them.
        """
        needed = choices.get("warmup", 0) + 1
        if self.mask is not None and int(self.mask.sum(dim=0).min()) < needed:
            raise ConfigurationError(
                f"every sequence must have {needed} steps or more, the shortest has "
                f"{int(self.mask.sum(dim=0).min())}: leave it out or lower the warm-up"
            )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # a single step says little about rank
            self.first(1, 1).spectrum(**{**choices, "warmup": 0, "steps": 1})

    def spectrum(self, **choices: Any) -> Spectrum:
        """The spectrum; ``choices`` are further arguments of :func:`hyperprune.lyapunov.spectrum`."""
        return spectrum(self.system, self.inputs, initial_state=self.initial_state, mask=self.mask, **choices)


def _of_first(state: Any, sequences: int) -> Any:
    """A state ``(..., batch, hidden)`` of its first sequences, whatever nest it is."""
    if isinstance(state, Tensor):
        return state[..., :sequences, :]
    return None if state is None else type(state)(_of_first(part, sequences) for part in state)


def recurrent_module(network: nn.Module, name: str | None = None) -> tuple[str, nn.Module]:
    """Name and module of the recurrent part of a network.

    Args:
        network: any module.
        name: of a submodule of torch's kinds (RNN, GRU, LSTM or a cell); None where there is but one.

    Raises:
        ConfigurationError: there is none, or more than one, or no such submodule.
    """
    network = plain(network)
    found = {plain_name(own): m for own, m in network.named_modules() if isinstance(m, _KINDS)}
    name = None if name is None else plain_name(name)
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
        inputs: its argument, a tuple of several, or a dictionary of named ones.
        name: see :func:`recurrent_module`.

    Raises:
        ConfigurationError: there is not one such module, it was not called as a spectrum can follow, or the
            loop around a cell changes its state.
    """
    network = plain(network)
    with torch.no_grad():
        if name is None and isinstance(network, Network) and isinstance(inputs, Tensor):
            source = laid_out(source_of(network, inputs))
            return _driven(source.system, source.inputs, source.state, source.mask)
        own, module = recurrent_module(network, name)
        (calls,) = run_noting(network, inputs, [module])
        found = reached(own or type(module).__name__, module, calls)
    return _driven(module, found.inputs, found.state, found.mask)


def _driven(system: Any, inputs: Tensor, state: Any, mask: Tensor | None) -> Driven:
    """What :func:`spectrum` reads as it stands: a ``batch_first`` module as a view of the other layout."""
    if isinstance(system, nn.RNNBase) and system.batch_first:
        system = copy.copy(system)  # the parameters are the same ones
        system.batch_first = False
    return Driven(system, inputs, state, mask)
