"""The compiled runtime, called through ctypes."""

import ctypes
import threading
from collections.abc import Sequence
from ctypes import POINTER, Structure, byref, c_char_p, c_int, c_size_t, c_void_p
from functools import lru_cache
from typing import Protocol

import torch
from torch import Tensor

from hyperprune.errors import ConfigurationError, ExportError
from hyperprune.inference.build import library

_ALIGNED = 64


class _Network(Structure):
    """``hp_network``."""

    _fields_ = (("data", c_void_p), ("header", c_void_p), ("layers", c_void_p))


class Engine(Protocol):
    """What runs a plain network: the compiled kernels, or torch."""

    name: str
    why: str

    def run(self, inputs: Tensor, state: Tensor) -> Tensor:
        """Outputs ``(time, batch, outputs)`` float32; ``state`` is changed in place.

        Args:
            inputs: tokens ``(time, batch)`` int32, or ``(time, batch, features)`` float32, contiguous.
            state: flat, h of each layer ``(batch, units)`` one after the other, then c likewise.
        """
        ...


class Kernels:
    """A network on the compiled runtime.

    Args:
        data: the network's bytes, checked by the runtime.
        where: for errors.
        flags: further ones for the compiler.

    Attributes:
        name: ``"c"``.
        why: how the runtime came to be.

    Raises:
        ExportError: the bytes are damaged or not ours.
        BuildError: the runtime cannot be built.
    """

    name = "c"

    def __init__(self, data: bytes, where: str = "the network", flags: tuple[str, ...] = ()) -> None:
        path, self.why = library(*flags)
        self._library = _opened(str(path))
        self._bytes = _aligned(data)
        self._network = _Network()
        code = self._library.hp_read(byref(self._network), self._bytes.data_ptr(), len(data))
        if code != 0:
            raise ExportError(f"{where} cannot be read: {self._message(code)}")
        self._reference = byref(self._network)
        self.outputs: int = self._library.hp_outputs(self._reference)
        self._scratch = threading.local()  # ctypes lets several threads in at once

    @property
    def nbytes(self) -> int:
        """Bytes of the network in memory."""
        return self._bytes.numel()

    def run(self, inputs: Tensor, state: Tensor) -> Tensor:
        """See :class:`Engine`.

        Raises:
            ConfigurationError: a token outside the vocabulary; ``state`` is as before.
        """
        steps, batch = inputs.shape[:2]
        outputs = torch.empty(steps, batch, self.outputs)
        tokens = inputs.dtype == torch.int32
        function = self._library.hp_run_tokens if tokens else self._library.hp_run
        places: Sequence[int] = [tensor.data_ptr() for tensor in (inputs, state, outputs)]
        code = function(self._reference, steps, batch, *places, self._scratch_for(batch).data_ptr())
        if code != 0:
            raise ConfigurationError(f"the inputs do not fit the network: {self._message(code)}")
        return outputs

    def _scratch_for(self, batch: int) -> Tensor:
        size: int = self._library.hp_scratch_floats(self._reference, batch)
        known: Tensor | None = getattr(self._scratch, "room", None)
        if known is None or known.numel() < size:
            known = torch.empty(size)
            self._scratch.room = known
        return known

    def _message(self, code: int) -> str:
        text: bytes = self._library.hp_message(code)
        return text.decode()


@lru_cache(maxsize=4)
def _opened(path: str) -> ctypes.CDLL:
    loaded = ctypes.CDLL(path)
    pointer = POINTER(_Network)
    loaded.hp_read.argtypes = [pointer, c_void_p, c_size_t]
    loaded.hp_read.restype = c_int
    loaded.hp_message.argtypes = [c_int]
    loaded.hp_message.restype = c_char_p
    for name in ("hp_outputs", "hp_state_floats"):
        getattr(loaded, name).argtypes = [pointer]
        getattr(loaded, name).restype = c_size_t
    loaded.hp_scratch_floats.argtypes = [pointer, c_size_t]
    loaded.hp_scratch_floats.restype = c_size_t
    for name in ("hp_run", "hp_run_tokens"):
        getattr(loaded, name).argtypes = [pointer, c_size_t, c_size_t, *[c_void_p] * 4]
        getattr(loaded, name).restype = c_int
    return loaded


def _aligned(data: bytes) -> Tensor:
    """The bytes in memory that begins at a cache line."""
    room = torch.empty(len(data) + _ALIGNED, dtype=torch.uint8)
    first = -room.data_ptr() % _ALIGNED
    place = room[first : first + len(data)]
    place.copy_(torch.frombuffer(bytearray(data), dtype=torch.uint8))
    return place
