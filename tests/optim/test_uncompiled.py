"""Optimisers that do not load torch's compiler are torch's, before it is loaded and after."""

import subprocess
import sys
from importlib import import_module

import pytest
import torch
from torch import nn
from torch.optim import Optimizer

from hyperprune.optim import OPTIMIZERS, build

TRAINED = """
import copy, sys
import torch
from hyperprune.optim import build
model = torch.nn.Linear(3, 2)
optimizer = build({name!r}, model, lr=0.1)
for _ in range(2):
    optimizer.zero_grad()
    model(torch.ones(4, 3)).square().mean().backward()
    optimizer.step()
again = build({name!r}, model, lr=0.2)
again.load_state_dict(copy.deepcopy(optimizer.state_dict()))
assert again.param_groups[0]["lr"] == 0.1
assert "torch._dynamo" not in sys.modules
"""


@pytest.mark.parametrize("name", list(OPTIMIZERS))
def test_a_training_does_not_load_the_compiler(name: str) -> None:
    subprocess.run([sys.executable, "-c", TRAINED.format(name=name)], check=True)


@pytest.mark.parametrize("name", list(OPTIMIZERS))
def test_no_optimiser_has_ways_of_its_own_that_would_be_passed_over(name: str) -> None:
    kind = type(build(name, nn.Linear(3, 2), lr=0.1))
    for torchs in (base for base in kind.__mro__ if base.__module__.startswith("torch.")):
        if torchs is not Optimizer:
            assert not {"add_param_group", "zero_grad", "state_dict", "load_state_dict"} & vars(torchs).keys()


@pytest.mark.parametrize("name", list(OPTIMIZERS))
def test_with_the_compiler_loaded_methods_are_the_ones_that_torch_keeps_from_it(name: str) -> None:
    import_module("torch._dynamo")
    optimizer = build(name, nn.Linear(3, 2), lr=0.1)
    held = optimizer.state_dict()
    optimizer.zero_grad()
    optimizer.load_state_dict(held)
    optimizer.add_param_group({"params": [nn.Parameter(torch.zeros(2))]})
    assert len(optimizer.param_groups) == 2
    assert hasattr(Optimizer.zero_grad.__wrapped__, "__dynamo_disable")  # type: ignore[attr-defined]
