"""The number formats of training steps: what a run says, and how torch is told.

Weights, gradients, optimiser and sums are float32 in all of them. Evaluation and spectra are always computed
in the weights' own type.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, Literal, TypeVar

import torch

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
    if precision == "bfloat16":
        return torch.autocast(device.type, dtype=torch.bfloat16)
    return _tf32(precision == "tf32") if device.type == "cuda" else nullcontext()


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
def _tf32(allowed: bool) -> Iterator[None]:
    """Allow or forbid tf32 to cuBLAS and cuDNN, and put back what was."""
    before = torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = allowed
    try:
        yield
    finally:
        torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32 = before
