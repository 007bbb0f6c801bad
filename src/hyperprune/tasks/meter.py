"""The mean training loss of an epoch, added up where the network is."""

import math

import torch
from torch import Tensor


class Meter:
    """Adds up losses in float64.

    On a CPU each loss is read as it comes. Reading a number of another device means waiting until all work
    that was handed to it is done, so there they are added up on it and read once, at the end of the epoch;
    what progress shows in between is what had arrived by itself.
    """

    def __init__(self) -> None:
        self.items = 0
        self._steps = 0
        self._total: float | Tensor = 0.0
        self._finite: Tensor | None = None  # steps after which the sum was finite
        self._arriving: _Arriving | None = None

    def add(self, loss: Tensor, items: int) -> float | None:
        """Take in a step's mean loss; gives it as a number where that costs nothing."""
        self.items += items
        self._steps += 1
        if loss.device.type == "cpu":
            number = float(loss)
            self._total += number * items
            return number
        self._total = self._total + loss.to(_widest(loss)) * items
        alright = self._total.isfinite().to(torch.int32)
        self._finite = alright if self._finite is None else self._finite + alright
        return None

    def so_far(self) -> float:
        """Mean loss up to now; on another device up to a moment ago, not a number before the first one."""
        if not isinstance(self._total, Tensor):
            return self._total / self.items
        if self._total.device.type != "cuda":
            return math.nan
        self._arriving = self._arriving or _Arriving()
        return self._arriving.after(self._total / self.items)

    def finish(self) -> tuple[float, int | None]:
        """The mean loss, and the step after which the sum was no longer finite; this waits for the device."""
        if self._finite is None:
            return float(self._total) / self.items, None
        assert isinstance(self._total, Tensor)
        total, finite = torch.stack([self._total, self._finite.to(self._total.dtype)]).tolist()
        return total / self.items, None if int(finite) == self._steps else int(finite) + 1


class _Arriving:
    """A number that is copied from a CUDA device beside its work; nobody waits for it."""

    def __init__(self) -> None:
        self._host = torch.empty((), dtype=torch.float64, pin_memory=True)
        self._event: torch.cuda.Event | None = None
        self._known = math.nan

    def after(self, number: Tensor) -> float:
        """The last number that has arrived; ``number`` is sent off if no other is on its way."""
        if self._event is not None and not self._event.query():
            return self._known
        if self._event is not None:
            self._known = float(self._host)
        self._host.copy_(number, non_blocking=True)
        self._event = torch.cuda.Event()
        self._event.record(torch.cuda.current_stream(number.device))
        return self._known


def _widest(loss: Tensor) -> torch.dtype:
    """Apple's GPUs have no float64."""
    return torch.float32 if loss.device.type == "mps" else torch.float64
