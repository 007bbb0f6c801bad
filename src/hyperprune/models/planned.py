"""What a network would be, before any memory is taken."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import nn
from torch.overrides import TorchFunctionMode

from hyperprune.models.config import ModelConfig, build

DRAWN = frozenset({"normal_", "uniform_"})


def planned(config: ModelConfig, types: int) -> nn.Module:
    """The network of ``config`` for a vocabulary of ``types``, on the device ``meta``: shapes without values.

    Nothing is drawn: torch would load its compiler for that, which takes a second.
    """
    with torch.device("meta"), _Undrawn():
        return build(config, types)


class _Undrawn(TorchFunctionMode):
    """Leaves out what fills a tensor with random numbers."""

    def __torch_function__(
        self,
        func: Any,
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        named = kwargs or {}
        if getattr(func, "__name__", None) in DRAWN:
            return args[0] if args else named["tensor"]
        return func(*args, **named)
