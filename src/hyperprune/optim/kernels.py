"""Which of torch's implementations steps parameters: what is fast on the device where they are."""

from collections.abc import Sequence
from typing import Any

from torch import Tensor


def on_cards(parameters: Sequence[Tensor]) -> bool:
    """Whether all parameters lie on CUDA devices, whose fused kernels read and write each weight once."""
    return len(parameters) > 0 and all(parameter.device.type == "cuda" for parameter in parameters)


def fused_on_cards(parameters: Sequence[Tensor], elsewhere: dict[str, Any]) -> dict[str, Any]:
    """Keyword arguments of torch's optimisers: fused on CUDA devices, else what ``elsewhere`` says."""
    return {"fused": True} if on_cards(parameters) else elsewhere
