"""What reaches the recurrent modules inside a network when it runs."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pad_packed_sequence

from hyperprune.errors import ConfigurationError
from hyperprune.lyapunov.prepare import evaluating


@dataclass(frozen=True, eq=False)
class Call:
    """One call of a module.

    Attributes:
        inputs: its first argument.
        state: the state it was given, None for its own beginning.
        output: what it gave.
    """

    inputs: Any
    state: Any
    output: Any


@dataclass(frozen=True, eq=False)
class Reached:
    """What drives a module, time first.

    Attributes:
        inputs: ``(time, batch, features)``.
        state: where it begins, in the module's own shape; None for zeros.
        mask: ``(time, batch)``, False behind the end of shorter sequences; None where all are as long.
    """

    inputs: Tensor
    state: Any = None
    mask: Tensor | None = None


class _EnoughError(BaseException):
    """Ends a run from inside; not an Exception, which a network may catch."""


def run_noting(
    network: nn.Module,
    inputs: Any,
    modules: Sequence[nn.Module],
    enough: Callable[[list[list[Call]]], bool] = lambda calls: False,
) -> list[list[Call]]:
    """The calls of some modules while a network runs once, in evaluation mode; no random number is used up.

    Args:
        network: the whole.
        inputs: its argument, a tuple of several, or a dictionary of named ones.
        modules: those inside it that are watched.
        enough: from the calls so far to whether the rest of the run may be spared.
    """
    calls: list[list[Call]] = [[] for _ in modules]

    def note(number: int, call: Call) -> None:
        calls[number].append(call)
        if enough(calls):
            raise _EnoughError

    with _watched(modules, note), evaluating(network), suppress(_EnoughError):
        _run(network, inputs)
    return calls


def _run(network: nn.Module, inputs: Any) -> None:
    # what torch.compile made of a part before would run past the watches; what it makes now has them in it
    compiled = "torch._dynamo" in sys.modules  # to load torch's compiler only to ask it takes a second
    stance = torch.compiler.set_stance("force_eager") if compiled else nullcontext()
    with torch.random.fork_rng(_devices(network)), stance:
        if isinstance(inputs, dict):
            network(**inputs)
        elif isinstance(inputs, tuple) and not isinstance(inputs, PackedSequence):
            network(*inputs)
        else:
            network(inputs)


def _devices(network: nn.Module) -> list[int]:
    places = {parameter.device for parameter in network.parameters() if parameter.device.type == "cuda"}
    return [place.index or 0 for place in places]


@contextmanager
def _watched(modules: Sequence[nn.Module], note: Callable[[int, Call], None]) -> Iterator[None]:
    handles = []
    for number, module in enumerate(modules):

        def watch(
            _: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], output: Any, number: int = number
        ) -> None:
            given = [*args, *(kwargs[key] for key in ("input", "hx") if key in kwargs)]
            note(number, Call(given[0], given[1] if len(given) > 1 else None, output))

        handles.append(module.register_forward_hook(watch, with_kwargs=True))
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def reached(name: str, module: nn.Module, calls: Sequence[Call]) -> Reached:
    """What drives a module of torch's kinds: a cell is called once a step, a layered module once for all.

    Args:
        name: of the module, for errors.
        module: watched.
        calls: all of its calls.

    Raises:
        ConfigurationError: it was not called as a spectrum can follow.
    """
    is_cell = isinstance(module, nn.RNNCellBase)
    if not calls or (len(calls) > 1 and not is_cell):
        raise ConfigurationError(
            f"{name} must be called once when the network runs, it was called {len(calls)} times: give "
            "spectrum_inputs that the network takes in one piece, or the network the attributes embed and "
            "recurrent (docs/lyapunov.md)"
        )
    first = calls[0].inputs
    if isinstance(first, PackedSequence):
        padded, mask = unpacked(first)
        return Reached(padded, calls[0].state, mask)
    if not all(isinstance(call.inputs, Tensor) for call in calls):
        raise ConfigurationError(
            f"{name} received a {type(first).__name__}, a spectrum needs a tensor or a packed sequence: pass "
            "it (time, batch, features)"
        )
    if is_cell:
        _check_chain(name, calls)
        inputs = torch.stack([call.inputs.reshape(-1, call.inputs.shape[-1]) for call in calls])
        return Reached(inputs, batched(calls[0].state, 1))
    if first.dim() == 2:
        return Reached(first[:, None], batched(calls[0].state, 2))
    return Reached(first.transpose(0, 1) if module.batch_first else first, calls[0].state)


def _check_chain(name: str, calls: Sequence[Call]) -> None:
    """Each step begins with what the cell gave at the last: else the loop around it is the map."""
    for number, (before, call) in enumerate(pairwise(calls), start=2):
        if not same(before.output, call.state):
            raise ConfigurationError(
                f"the loop around {name} changes its state: call {number} begins with another state than the "
                "one before gave, so the map of a step is the loop's and not the cell's. Give that map as "
                "step(state, x): lyapunov.spectrum(lambda h, x: 0.8 * h + 0.2 * cell(x, h), inputs, "
                "initial_state=h), or in a task a network with embed and a recurrent that has such a step"
            )


def unpacked(packed: PackedSequence) -> tuple[Tensor, Tensor | None]:
    """Padded inputs ``(time, batch, features)`` and where they are no padding; None where nowhere."""
    padded, lengths = pad_packed_sequence(packed)
    mask = torch.arange(len(padded))[:, None] < lengths
    return padded, None if bool(mask.all()) else mask.to(padded.device)


def same(a: Any, b: Any) -> bool:
    """Whether two states are equal."""
    if isinstance(a, Tensor) and isinstance(b, Tensor):
        return a.shape == b.shape and bool(torch.equal(a, b))
    if isinstance(a, tuple | list) and isinstance(b, tuple | list):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b, strict=True))
    return a is b


def batched(state: Any, dimensions: int) -> Any:
    """The state of a sequence without a batch as one of a batch of one; others as they are.

    Args:
        state: a tensor, a tuple of those, or None.
        dimensions: those of a state without a batch: 1 of a cell's, 2 of a layered module's.
    """
    if isinstance(state, Tensor):
        return state.unsqueeze(-2) if state.dim() == dimensions else state
    return None if state is None else tuple(batched(part, dimensions) for part in state)
