"""What a checkpoint holds of a network under training."""

import pytest
import safetensors.torch
import torch
from torch import nn

from hyperprune import optim
from hyperprune.sparsity import SparseTraining
from hyperprune.training.state import TrainingState


def _state(name: str) -> TrainingState:
    torch.manual_seed(0)
    network = nn.Linear(6, 4)
    network.weight = nn.Parameter(torch.randn(6, 4).t())  # stored by columns
    optimizer = optim.build(name, network, lr=0.1, momentum=0.9 if name == "sgd" else 0.0)
    return TrainingState(network, optimizer, SparseTraining(network, optimizer, density=0.5))


def _train(state: TrainingState) -> None:
    state.optimizer.zero_grad()
    state.network(torch.ones(1, 6)).square().mean().backward()
    assert state.sparse is not None
    state.sparse.step()


@pytest.mark.parametrize("name", ["sgd", "adam", "snt-asgd"])
def test_parameters_that_are_not_contiguous_are_stored(name: str) -> None:
    state = _state(name)
    for step in range(9):
        state.observe(1.0 if step < 6 else 2.0)
        _train(state)
    tensors, document = state.capture()
    stored = safetensors.torch.load(safetensors.torch.save(tensors))
    assert ("average.weight" in stored) == (name == "snt-asgd")
    other = _state(name)
    other.restore(stored, document)
    for one in (state, other):
        _train(one)
    assert torch.equal(state.network.weight, other.network.weight)
    assert torch.equal(state.sparse.masks["weight"], other.sparse.masks["weight"])
