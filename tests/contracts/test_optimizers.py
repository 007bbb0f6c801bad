"""What every optimiser promises to sparse training."""

import json

import pytest
import torch
from torch import nn

from hyperprune.optim import OPTIMIZERS, build, citations
from hyperprune.sparsity import SparseTraining


def _start(name: str) -> tuple[nn.Module, torch.optim.Optimizer, SparseTraining]:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(5, 8), nn.Tanh(), nn.Linear(8, 3))
    optimizer = build(name, model, lr=0.05, weight_decay=0.01)
    sparse = SparseTraining(
        model,
        optimizer,
        density=0.4,
        sparse_init="uniform",
        death="magnitude",
        growth="gradient",
        redistribution="magnitude",
        death_rate=0.5,
        update_interval=2,
    )
    return model, optimizer, sparse


def _train(model: nn.Module, sparse: SparseTraining, steps: range) -> list[float]:
    losses = []
    for step in steps:
        data = torch.randn(16, 5, generator=torch.Generator().manual_seed(step))
        model.zero_grad()
        loss = (model(data) - data[:, :3]).square().mean()
        loss.backward()
        sparse.step()
        losses.append(loss.item())
        for name, mask in sparse.masks.items():
            assert not model.get_parameter(name)[~mask].any()
        assert sum(int(mask.sum()) for mask in sparse.masks.values()) == sparse.live()
    return losses


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_it_trains_a_sparse_network(name: str) -> None:
    model, _, sparse = _start(name)
    losses = _train(model, sparse, range(300))
    assert sum(losses[-20:]) < 0.8 * sum(losses[:20])


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_its_state_is_tensors_and_json_and_continues_bit_for_bit(name: str) -> None:
    model, optimizer, sparse = _start(name)
    _train(model, sparse, range(5))
    state = optimizer.state_dict()
    groups = json.loads(json.dumps(state["param_groups"]))
    tensors = {
        i: {k: v.clone() for k, v in entries.items() if v is not None}
        for i, entries in state["state"].items()
    }
    weights = {n: p.detach().clone() for n, p in model.state_dict().items()}
    masks = sparse.state_dict()
    _train(model, sparse, range(5, 10))

    other, other_optimizer, other_sparse = _start(name)
    other.load_state_dict(weights)
    other_optimizer.load_state_dict({"state": tensors, "param_groups": groups})
    other_sparse.load_state_dict(masks)
    _train(other, other_sparse, range(5, 10))
    for one, two in zip(model.parameters(), other.parameters(), strict=True):
        assert torch.equal(one, two)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_its_papers_can_be_cited(name: str) -> None:
    papers = citations(name)
    assert all(paper.url.startswith("https://") for paper in papers)
    assert papers or name == "sgd"
