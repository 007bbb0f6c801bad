"""The number formats of training steps: what a run says, and how torch is told.

Weights, gradients, optimiser and sums are float32 in all of them. Evaluation and spectra are always computed
in the weights' own type.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, Literal, TypeVar

import torch

from hyperprune.accelerators import allows_tf32
from hyperprune.errors import ConfigurationError

Precision = Literal["float32", "bfloat16", "tf32"]
DEFAULT: Precision = "float32"

T = TypeVar("T")


def check_precision(precision: Precision, device: torch.device) -> None:
    """Refuse what devices of this type do not have; nothing is ever taken in its place. Opens no card.

    Raises:
        ConfigurationError: ``tf32`` without CUDA.
    """
    if precision == "tf32" and device.type != "cuda":
        raise ConfigurationError(
            f"precision tf32 is a format of CUDA devices, got device {str(device)!r}: give float32 or "
            "bfloat16"
        )


def check_card(precision: Precision, device: torch.device) -> None:
    """The same of the card itself, which the job that trains on it may open.

    Raises:
        ConfigurationError: ``bfloat16`` or ``tf32`` on a card that lacks it, where torch would imitate the
            one and compute in float32 for the other.
    """
    if precision == "float32" or device.type != "cuda":
        return
    with torch.cuda.device(device):  # torch answers for the current one
        brain = torch.cuda.is_bf16_supported(including_emulation=False)
        found = brain if precision == "bfloat16" else torch.cuda.is_tf32_supported()
    if not found:
        raise ConfigurationError(
            f"precision {precision} needs a card that computes in it (NVIDIA: compute capability 8.0 or "
            f"above), {device} does not: give float32"
        )


def training_format(precision: Precision, device: torch.device) -> AbstractContextManager[Any]:
    """Inside, products of a training step run as ``precision`` says.

    ``bfloat16`` is torch's autocast: factors of products are rounded to eight bits, sums are float32.
    ``tf32`` rounds them to eleven bits inside the card. Enter it anew for each step: autocast keeps the
    rounded weights while it is on.
    """
    if device.type == "cuda":
        return _on_card(precision)
    return torch.autocast(device.type, dtype=torch.bfloat16) if precision == "bfloat16" else nullcontext()


def exact_format(device: torch.device) -> AbstractContextManager[Any]:
    """Inside, products run in the type of their factors; by default torch allows tf32 to cuDNN."""
    return _tf32(False) if device.type == "cuda" else nullcontext()


def each(format_of_a_step: Callable[[], AbstractContextManager[Any]], items: Iterable[T]) -> Iterator[T]:
    """The items of an iterator that makes each of them inside a context of its own."""
    iterator = iter(items)
    while True:
        with format_of_a_step():
            try:
                item = next(iterator)
            except StopIteration:
                return
        yield item


@contextmanager
def _on_card(precision: Precision) -> Iterator[None]:
    """What stays float32 beside bfloat16 is not rounded to tf32 either."""
    brain = torch.autocast("cuda", dtype=torch.bfloat16) if precision == "bfloat16" else nullcontext()
    with _tf32(precision == "tf32"), brain:
        yield


@contextmanager
def _tf32(allowed: bool) -> Iterator[None]:
    """Allow or forbid tf32 to cuBLAS and cuDNN, and put back what was, for both of torch's generations of
    switches: since 2.9 there are newer ones, which the older ones do not always reach.
    """
    older, newer = _switches()
    before = [allows_tf32(switch, *parts) for switch, parts in older], [part.fp32_precision for part in newer]
    for switch, _ in older:
        switch.allow_tf32 = allowed
    for part in newer:
        part.fp32_precision = "tf32" if allowed else "ieee"
    try:
        yield
    finally:
        for (switch, _), value in zip(older, before[0], strict=True):
            switch.allow_tf32 = value
        for part, precision in zip(newer, before[1], strict=True):
            part.fp32_precision = precision


def _switches() -> tuple[list[tuple[Any, list[Any]]], list[Any]]:
    """The older switches, each with the newer ones for the same, and all newer ones; none in older torch."""
    matmul: Any = torch.backends.cuda.matmul
    cudnn: Any = torch.backends.cudnn
    layers = [cudnn.conv, cudnn.rnn] if hasattr(cudnn, "rnn") else []
    products = [matmul] if layers else []
    return [(matmul, products), (cudnn, layers)], products + layers
