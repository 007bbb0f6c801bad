"""Devices other than the CPU: what is there, what decides bits on them, and how memory runs out.

A driver that only hands out jobs must not open a CUDA context: it would hold memory of a card that its
workers need. So what a driver asks here is answered from the file system and by counting alone.
"""

import os
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from hyperprune.errors import ConfigurationError

# cuBLAS takes another way through its sums when its workspace is short; these sizes never are
CUBLAS = {"CUBLAS_WORKSPACE_CONFIG": ":4096:8"}
_DRIVER = Path("/proc/driver/nvidia")
# cuDNN wants the weights of a call in one piece and torch copies them there where they are not: of a layer
# that runs alone, of weights that were dropped. The advice that comes with it is no help there
_COPIED = "RNN module weights are not part of single contiguous chunk of memory"


def device_of(network: nn.Module) -> torch.device:
    """Where a network's first parameter lives; the CPU for one that has none."""
    return next((parameter.device for parameter in network.parameters()), torch.device("cpu"))


def check_device(name: str) -> None:
    """Find out whether networks can train on a device of this machine, without opening a card.

    Called before training and never when a stored configuration is read, so that the folder of a run on a
    GPU opens on a machine without one.

    Raises:
        ConfigurationError: there is none of that name, or it holds no numbers.
    """
    try:
        device = torch.device(name)
        if device.type == "cuda":
            there = (device.index or 0) < torch.cuda.device_count()
        else:
            torch.empty(0, device=device)
            there = True
    except (RuntimeError, AssertionError, NotImplementedError):
        there = False
    if not there:
        raise ConfigurationError(f"there is no device {name!r} here: {_choice()}")
    if device.type == "meta":
        raise ConfigurationError(
            f"the device {name!r} holds no numbers, so nothing trains there: {_choice()}"
        )


def versions_of(device: str) -> dict[str, str]:
    """What decides bits on a CUDA device beside libraries: cards, driver, CUDA and cuDNN; else nothing.

    Of a machine with several cards all kinds are named, since which one a job gets is the scheduler's choice.
    """
    if torch.device(device).type != "cuda":
        return {}
    return {
        "card": ", ".join(_cards()) or "unknown",
        "driver": _found(_DRIVER / "version", r"Kernel Module\S*\s.*?(\d+\.\d+(?:\.\d+)*)") or "unknown",
        "cuda": str(torch.version.cuda),
        "cudnn": _cudnn(),
    }


def _cudnn() -> str:
    """The version of cuDNN; ``torch.backends.cudnn.version()`` would open the card to compare the two."""
    inner = getattr(torch._C, "_cudnn", None)
    number = getattr(inner, "getVersionInt", None)
    return "None" if number is None else str(number())


@contextmanager
def repeatable(device: torch.device) -> Iterator[None]:
    """Inside, kernels of a CUDA device give the same bits each time; a warning names those that cannot.

    That cuDNN is given copies of weights is no warning here: it is so by design.

    Must be entered before the process first uses the card, for cuBLAS to see its variable.
    """
    if device.type != "cuda":
        yield
        return
    for name, value in CUBLAS.items():
        os.environ.setdefault(name, value)
    before = torch.are_deterministic_algorithms_enabled()
    warn_only = torch.is_deterministic_algorithms_warn_only_enabled()
    memory: Any = torch.utils.deterministic
    filling, tuning = memory.fill_uninitialized_memory, torch.backends.cudnn.benchmark
    torch.use_deterministic_algorithms(True, warn_only=True)
    memory.fill_uninitialized_memory = False  # nothing here reads what it has not written
    torch.backends.cudnn.benchmark = False  # times kernels, and may choose another one each time
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=_COPIED)
            yield
    finally:
        torch.use_deterministic_algorithms(before, warn_only=warn_only)
        memory.fill_uninitialized_memory = filling
        torch.backends.cudnn.benchmark = tuning


def allows_tf32(switch: Any, *newer: Any) -> bool:
    """Whether factors in float32 may be rounded to tf32.

    Args:
        switch: one of torch's, with ``allow_tf32``.
        newer: those of torch 2.9 for the same; where the two differ, the first cannot be read.
    """
    try:
        return bool(switch.allow_tf32)
    except RuntimeError:
        return any(part.fp32_precision == "tf32" for part in newer)


def random_state(device: torch.device) -> dict[str, Tensor]:
    """States of torch's generators that a job on a device draws from, by kind of device."""
    state = {"cpu": torch.get_rng_state()}
    if device.type == "cuda":
        state["cuda"] = torch.cuda.get_rng_state(device)
    return state


def restore_random_state(state: dict[str, Tensor], device: torch.device) -> None:
    """Put back what :func:`random_state` gave; that of a card is left alone where the job is on none."""
    torch.set_rng_state(state["cpu"])
    if "cuda" in state and device.type == "cuda":
        torch.cuda.set_rng_state(state["cuda"], device)


def _cards() -> list[str]:
    files = sorted(_DRIVER.glob("gpus/*/information"))
    return sorted({name for file in files if (name := _found(file, r"Model:\s*(.+)"))})


def _found(file: Path, pattern: str) -> str | None:
    try:
        match = re.search(pattern, file.read_text(errors="replace"))
    except OSError:
        return None
    return match[1].strip() if match else None


def _choice() -> str:
    count = torch.cuda.device_count()
    return f"give cpu or cuda:0 to cuda:{count - 1}" if count else "give cpu"
