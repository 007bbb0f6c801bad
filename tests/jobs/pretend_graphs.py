"""Recordings without a card: what is recorded is done again, on the same memory.

It is as hard on its callers as CUDA is. A recording computes nothing; a replay reads what lies in the memory
that the recording read, writes where the recording wrote, and leaves nothing for the next one to rely on.
"""

from collections import Counter
from collections.abc import Callable, Hashable

import torch
from pretend_device import PLACE, PretendDevice
from torch import Tensor

Work = Callable[[], tuple[Tensor, ...]]


class PretendGraphs:
    """Records work of the CPU.

    Attributes:
        recorded: recordings made.
        replayed: how often each was replayed.
        results: memory that replays write to.
        mode: what chooses kernels, as ``modes`` gives it.
        failing: raised by the next recording.
        settled: whether somebody waited for the replays.
    """

    def __init__(self) -> None:
        self.replayed: list[int] = []
        self.results: list[Tensor] = []
        self.mode: Hashable = None
        self.failing: Exception | None = None
        self.settled = False
        self.serving = True

    @property
    def recorded(self) -> int:
        return len(self.replayed)

    def serves(self, like: Tensor) -> bool:
        return self.serving and like.device.type == "cpu"

    def modes(self) -> Hashable:
        return self.mode

    def record(self, work: Work) -> tuple[Callable[[], None], tuple[Tensor, ...]]:
        places = work()
        for place in places:
            place.fill_(torch.nan)
        if self.failing is not None:
            raise self.failing
        number = self.recorded
        self.replayed.append(0)
        self.results += places

        def replay() -> None:
            self.replayed[number] += 1
            for place, result in zip(places, work(), strict=True):
                place.copy_(result)

        return replay, places

    def settle(self) -> None:
        self.settled = True


class OneLaunch(PretendGraphs):
    """Recordings of the pretended device, which starts a graph in one launch."""

    def __init__(self, device: PretendDevice) -> None:
        super().__init__()
        self.device = device

    def serves(self, like: Tensor) -> bool:
        return like.device.type == PLACE.type

    def record(self, work: Work) -> tuple[Callable[[], None], tuple[Tensor, ...]]:
        again, places = super().record(work)

        def replay() -> None:
            launches = Counter(self.device.launches)
            again()
            self.device.launches = launches + Counter(graph=1)

        return replay, places
