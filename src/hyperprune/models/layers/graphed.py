"""Loops over time that are recorded once and replayed afterwards, on a GPU as CUDA graphs.

The loops of :mod:`.highway_fused` and :mod:`.ordered_fused` start thousands of small kernels, 4,700 a step of
``ptb-rhn``, and starting them, at a few microseconds each, is what limits a GPU. A graph starts them
together. It holds the same kernels in the same order, and cuBLAS chooses them by sizes, types, alignment and
workspace, which are the same too: so it gives the same bits.

**By hand, and not by the two ways that torch brings.** ``make_graphed_callables`` hands out the memory that
the next replay writes to: a second forward pass before the backward pass, as layers or slices of one shape
have, would give wrong gradients and no error. It also captures autograd's own work, while these loops have
their derivative written by hand, and it knows one shape. ``torch.compile`` would unroll and fuse the loops:
minutes of work for each window length, and other bits.

**What a replay may rely on.** Everything a graph reads is copied to memory of its own, everything it made is
copied out, so nobody holds what the next replay overwrites. Hence one graph serves every layer and every
network of the same shapes, and weights may change, move or be averaged as they like. The price, for
``ptb-rhn``, where all recurrent weights are 55 MB: 363 MB are copied a step, 0.2 ms of a card with 3.3 TB/s
and 1.2 ms of one with 0.6 TB/s, and 405 MB are held. Reading the weights in place would save a third of the
copies, but would tie a graph to one network and make a parameter that moved a silent error.

**What makes two calls alike**: the loop, types, shapes and strides of its tensors, its other arguments, and
the modes that choose kernels (autocast, tf32). Calls that are rare are not worth a recording: what has been
seen ``OFTEN`` times is recorded, ``ROOM`` at most, and nothing is ever replaced, so the odd last window of a
text runs as it is. A recording that fails, for lack of memory or whatever else, ends them all.
"""

import logging
from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from threading import Lock
from typing import NamedTuple, Protocol

import torch
from torch import Tensor

from hyperprune.models.layers.cuda_graphs import CudaGraphs

OFTEN = 16  # calls before one is recorded: warming up and recording cost about five
ROOM = 8  # recordings: two kinds of layers forward, backward and in evaluation are six

Loop = Callable[..., tuple[Tensor, ...]]
Given = Tensor | int | None

logger = logging.getLogger(__name__)


class Recorder(Protocol):
    """What a device brings."""

    def serves(self, like: Tensor) -> bool:
        """Whether work on this tensor can be recorded and replayed now."""

    def modes(self) -> Hashable:
        """Settings of the device that choose other kernels."""

    def record(self, work: Callable[[], tuple[Tensor, ...]]) -> tuple[Callable[[], None], tuple[Tensor, ...]]:
        """A function that does ``work`` again, on the same memory, and where the results will be.

        ``work`` reads and writes nothing that moves. What the results hold before the first replay is void.
        """

    def settle(self) -> None:
        """Wait until no replay is under way."""


class Graphs:
    """The recordings of one job; safe to call from several threads.

    Args:
        recorder: of the device; None to run every loop as it is.
        often: see the module.
        room: see the module.
    """

    def __init__(self, recorder: Recorder | None, *, often: int = OFTEN, room: int = ROOM) -> None:
        self._recorder, self._often, self._room = recorder, often, room
        self._seen: Counter[Hashable] = Counter()
        self._known: dict[Hashable, _Recorded] = {}
        self._lock = Lock()  # autograd calls from a thread of its own

    def run(self, loop: Loop, *given: Given) -> tuple[Tensor, ...]:
        """What ``loop(*given)`` gives.

        Args:
            loop: a function of its arguments alone that changes none of them and never waits for the device.
            given: its arguments, the first of them a tensor.
        """
        if self._recorder is not None:
            with self._lock:
                results = self._replayed(loop, given)
            if results is not None:
                return results
        return loop(*given)

    def close(self) -> None:
        """Give the memory back; loops run as they are from now on."""
        with self._lock:
            self._end()

    def _replayed(self, loop: Loop, given: Sequence[Given]) -> tuple[Tensor, ...] | None:
        """The results by a recording; None where there is none."""
        recorder, tensors = self._recorder, [part for part in given if isinstance(part, Tensor)]
        if recorder is None or not recorder.serves(tensors[0]):
            return None
        if any(tensor.device != tensors[0].device for tensor in tensors):
            return None  # the loop itself says what is wrong
        key = (loop, recorder.modes(), _autocast(tensors[0].device.type), *map(_signature, given))
        try:
            if key not in self._known:
                if not self._is_due(key):
                    return None
                self._known[key] = _Recorded.of(recorder, loop, given)
            return self._known[key].replay(tensors)
        except RuntimeError as error:  # also out of memory, and whatever CUDA says
            logger.warning(
                "CUDA graphs are off for the rest of this job, its loops start their kernels one by one: %s",
                str(_cause(error)).partition("\n")[0],
            )
            self._end()
            return None

    def _is_due(self, key: Hashable) -> bool:
        """Count a call; gives whether it is worth a recording."""
        if len(self._known) >= self._room:
            return False
        self._seen[key] += 1
        return self._seen[key] >= self._often

    def _end(self) -> None:
        """All at once: with a graph torch frees cuBLAS's workspace of the stream that it was recorded on."""
        if self._recorder is not None and self._known:
            self._recorder.settle()
        self._recorder = None
        self._known.clear()
        self._seen.clear()


class _Recorded(NamedTuple):
    """A recording with the memory that it reads and writes."""

    places: list[Tensor]
    again: Callable[[], None]
    results: tuple[Tensor, ...]

    @classmethod
    def of(cls, recorder: Recorder, loop: Loop, given: Sequence[Given]) -> "_Recorded":
        """Record a loop; ``given`` says of what shapes, and what to warm up with."""
        with torch.inference_mode(False), torch.no_grad():
            copies = [torch.empty_like(part) if isinstance(part, Tensor) else part for part in given]
            places = [part for part in copies if isinstance(part, Tensor)]
            torch._foreach_copy_(places, [part for part in given if isinstance(part, Tensor)])
            again, results = recorder.record(lambda: loop(*copies))
        return cls(places, again, results)

    def replay(self, tensors: list[Tensor]) -> tuple[Tensor, ...]:
        """The results for other numbers."""
        torch._foreach_copy_(self.places, tensors)
        self.again()
        results = [torch.empty_like(result) for result in self.results]
        torch._foreach_copy_(results, list(self.results))
        return tuple(results)


def _signature(part: Given) -> Hashable:
    if isinstance(part, Tensor):
        return part.dtype, part.shape, part.stride()  # strides choose the kernel of a product
    return part


def _cause(error: BaseException) -> BaseException:
    """What came first: of a capture that went wrong inside, torch raises that it has no graph."""
    return error if error.__context__ is None else _cause(error.__context__)


def _autocast(kind: str) -> Hashable:
    known = torch.amp.is_autocast_available(kind) and torch.is_autocast_enabled(kind)
    return torch.get_autocast_dtype(kind) if known else None


RECORDERS: dict[str, Callable[[], Recorder]] = {"cuda": CudaGraphs}
_PLAIN = Graphs(None)
_CURRENT: ContextVar[Graphs] = ContextVar("graphs", default=_PLAIN)


def current_graphs() -> Graphs:
    """Those of the job that runs; a backward pass, in a thread of its own, keeps its forward pass's."""
    return _CURRENT.get()


@contextmanager
def replaying(asked: bool, device: torch.device, *, often: int = OFTEN) -> Iterator[None]:
    """Inside, loops are recorded and replayed if that is asked for and the device can; bits stay the same."""
    make = RECORDERS.get(device.type) if asked else None
    if make is None:
        yield
        return
    graphs = Graphs(make(), often=often)
    token = _CURRENT.set(graphs)
    try:
        yield
    finally:
        _CURRENT.reset(token)
        graphs.close()
