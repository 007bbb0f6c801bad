"""How CUDA is asked to capture, held without a card: on which stream, after what, what follows a failure."""

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor

from hyperprune.models.layers.cuda_graphs import CudaGraphs
from hyperprune.tasks.precision import exact_format, training_format

_REAL_CAPTURE = torch.cuda.graph
_CARD = torch.device("cuda:1")


class Stream:
    """A stream by its name."""

    def __init__(self, cuda: "Cuda", name: str) -> None:
        self.cuda, self.name, self.device = cuda, name, _CARD

    def wait_stream(self, other: "Stream") -> None:
        self.cuda.said.append(f"{self.name} waits for {other.name}")


class Cuda:
    """Writes down what is asked of it; like torch, it leaves the side stream in place if a capture fails."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.current = self.served = Stream(self, "main")
        self.capturing = False
        self.modes: list[str] = []

    def current_stream(self, device: torch.device) -> Stream:
        assert device == _CARD
        return self.current

    def new_stream(self) -> Stream:
        assert self.said[-1] == "on cuda:1"
        return Stream(self, "side")

    @contextmanager
    def device(self, device: torch.device) -> Iterator[None]:
        self.said.append(f"on {device}")
        yield

    @contextmanager
    def stream(self, stream: Stream) -> Iterator[None]:
        before, self.current = self.current, stream
        try:
            yield
        finally:
            self.current = before

    @contextmanager
    def graph(self, *args: Any, **kwargs: Any) -> Iterator[None]:
        inspect.signature(_REAL_CAPTURE).bind(*args, **kwargs)  # torch takes them
        self.modes.append(kwargs["capture_error_mode"])
        self.capturing, self.current = True, kwargs["stream"]
        yield
        self.capturing = False

    def is_current_stream_capturing(self) -> bool:
        return self.capturing

    def synchronize(self, device: torch.device) -> None:
        self.said.append(f"wait for {device}")

    def new_graph(self) -> SimpleNamespace:
        return SimpleNamespace(replay=lambda: self.said.append("replay"))


@pytest.fixture
def cuda(monkeypatch: pytest.MonkeyPatch) -> Cuda:
    made = Cuda()
    for name in ("current_stream", "device", "stream", "graph", "is_current_stream_capturing", "synchronize"):
        monkeypatch.setattr(torch.cuda, name, getattr(made, name))
    monkeypatch.setattr(torch.cuda, "Stream", made.new_stream)
    monkeypatch.setattr(torch.cuda, "CUDAGraph", made.new_graph)
    return made


def on_a_card() -> Any:
    return SimpleNamespace(device=_CARD)


def work(cuda: Cuda) -> Callable[[], tuple[Tensor, ...]]:
    def act() -> tuple[Tensor, ...]:
        cuda.said.append(f"{'captured' if cuda.capturing else 'done'} on {cuda.current.name}")
        return (torch.ones(1),)

    return act


def test_work_warms_up_on_the_stream_that_it_is_captured_on(cuda: Cuda) -> None:
    recorder = CudaGraphs()
    assert recorder.serves(on_a_card())
    replay, _ = recorder.record(work(cuda))
    replay()
    assert cuda.said == [
        "on cuda:1",
        "side waits for main",
        *["done on side"] * 3,
        "captured on side",
        "main waits for side",
        "replay",
    ]
    assert cuda.current is cuda.served
    assert cuda.modes == ["thread_local"]
    recorder.settle()
    assert cuda.said[-1] == "wait for cuda:1"


def test_a_failed_capture_leaves_the_stream_as_it_was(cuda: Cuda) -> None:
    recorder = CudaGraphs()
    recorder.serves(on_a_card())

    def fail() -> tuple[Tensor, ...]:
        if cuda.capturing:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return ()

    with pytest.raises(torch.OutOfMemoryError):
        recorder.record(fail)
    assert cuda.current is cuda.served


def test_work_of_one_stream_is_served_and_of_no_capture_of_others(cuda: Cuda) -> None:
    """Two streams would replay at once what shares cuBLAS's workspace."""
    recorder = CudaGraphs()
    assert recorder.serves(on_a_card())
    with cuda.stream(Stream(cuda, "other")):
        assert not recorder.serves(on_a_card())
    cuda.capturing = True
    assert not recorder.serves(on_a_card())
    cuda.capturing = False
    assert recorder.serves(on_a_card())
    assert not recorder.serves(torch.ones(1))


def test_formats_of_products_are_modes() -> None:
    """What an evaluation computes in float32 is no replay of what training recorded in tf32."""
    recorder, card = CudaGraphs(), torch.device("cuda")
    with training_format("tf32", card):
        rounded = recorder.modes()
    with exact_format(card):
        assert recorder.modes() != rounded
