"""Fused kernels where all parameters are on cards, and nothing else than before elsewhere."""

from types import SimpleNamespace
from typing import Any

import torch
from torch import nn

from hyperprune.optim import build
from hyperprune.optim.kernels import fused_on_cards


def on(*devices: str) -> Any:
    return [SimpleNamespace(device=torch.device(name)) for name in devices]


def test_fused_on_cards_alone() -> None:
    assert fused_on_cards(on("cuda:0", "cuda:1"), {"foreach": True}) == {"fused": True}
    assert fused_on_cards(on("cuda:0", "cpu"), {"foreach": True}) == {"foreach": True}
    assert fused_on_cards(on("cpu"), {}) == {}
    assert fused_on_cards([], {}) == {}


def test_a_cpu_steps_as_before() -> None:
    for name in ("sgd", "adam", "adamw"):
        group = build(name, nn.Linear(2, 2), lr=0.1).param_groups[0]
        assert not group["fused"]
        assert group["foreach"] is (True if name == "sgd" else None)
