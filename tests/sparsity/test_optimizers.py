"""What sparse training does to an optimiser's state, and what it refuses."""

from collections.abc import Callable

import pytest
import torch
from torch import nn
from torch.optim import SGD, Adam, AdamW, Optimizer

from hyperprune.errors import ConfigurationError
from hyperprune.sparsity import SparseTraining
from hyperprune.sparsity.optimizer_state import state_tensors

MakeModel = Callable[..., nn.Module]
Backward = Callable[..., None]
OPTIMIZERS = {
    "sgd": lambda model: SGD(model.parameters(), lr=0.1, momentum=0.9),
    "nesterov": lambda model: SGD(model.parameters(), lr=0.1, momentum=0.9, nesterov=True),
    "adam": lambda model: Adam(model.parameters(), lr=0.01, amsgrad=True),
    "adamw": lambda model: AdamW(model.parameters(), lr=0.01),
}


def _sparse(model: nn.Module, optimizer: Optimizer, **changes: object) -> SparseTraining:
    choices: dict[str, object] = {
        "density": 0.4,
        "sparse_init": "uniform",
        "death": "magnitude",
        "growth": "random",
        "redistribution": "none",
        "death_rate": 0.5,
    }
    return SparseTraining(model, optimizer, **(choices | changes))


def _copy(masks: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {name: mask.clone() for name, mask in masks.items()}


@pytest.mark.parametrize("growth", ["random", "gradient", "momentum"])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_moments_are_cleared_exactly_where_newly_grown(
    make_model: MakeModel, backward: Backward, name: str, growth: str
) -> None:
    model = make_model()
    optimizer = OPTIMIZERS[name](model)
    sparse = _sparse(model, optimizer, growth=growth)
    for step in range(3):
        backward(model, step)
        sparse.step()
    before = {n: [t.clone() for t in state_tensors(optimizer, model.get_parameter(n))] for n in sparse.masks}
    masks, weights = _copy(sparse.masks), {n: model.get_parameter(n).detach().clone() for n in sparse.masks}
    sparse.update_topology()
    for n, mask in sparse.masks.items():
        survivors, grown = mask & masks[n], mask & ~masks[n]
        assert torch.equal(model.get_parameter(n)[survivors], weights[n][survivors])
        assert grown.any()
        assert not model.get_parameter(n)[grown].any()
        for old, new in zip(before[n], state_tensors(optimizer, model.get_parameter(n)), strict=True):
            assert not new[grown].any()
            assert torch.equal(new[survivors], old[survivors])


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_momentum_of_dead_weights_is_kept_only_for_growth_by_momentum(
    make_model: MakeModel, backward: Backward, name: str
) -> None:
    for growth in ("random", "momentum"):
        model = make_model()
        optimizer = OPTIMIZERS[name](model)
        sparse = _sparse(model, optimizer, growth=growth)
        for step in range(3):
            backward(model, step)
            sparse.step()
        dead = [
            tensor[~mask].any()
            for n, mask in sparse.masks.items()
            for tensor in state_tensors(optimizer, model.get_parameter(n))
        ]
        assert all(dead) if growth == "momentum" else not any(dead)


@pytest.mark.parametrize("name", ["sgd", "adam"])
def test_growth_by_momentum_takes_the_largest_of_the_dead(
    make_model: MakeModel, backward: Backward, name: str
) -> None:
    model = make_model()
    optimizer = OPTIMIZERS[name](model)
    sparse = _sparse(model, optimizer, growth="momentum", death_rate=0.2)
    for step in range(3):
        backward(model, step)
        sparse.step()
    key = "momentum_buffer" if name == "sgd" else "exp_avg"
    weight = model.get_parameter("decoder.weight")
    momentum, mask = optimizer.state[weight][key].abs().clone(), sparse.masks["decoder.weight"].clone()
    update = sparse.update_topology()
    grown = sparse.masks["decoder.weight"] & ~mask
    still_dead = ~sparse.masks["decoder.weight"] & ~mask
    assert update.grew["decoder.weight"] > 0
    assert grown.any()
    assert momentum[grown].min() >= momentum[still_dead].max()


def test_growth_by_gradient_takes_the_largest_of_the_dead(make_model: MakeModel, backward: Backward) -> None:
    model = make_model()
    sparse = _sparse(model, SGD(model.parameters(), lr=0.1), growth="gradient", death_rate=0.2)
    backward(model, 0)
    mask = sparse.masks["decoder.weight"].clone()
    gradient = model.get_parameter("decoder.weight").grad
    assert gradient is not None
    sparse.update_topology()
    grown = sparse.masks["decoder.weight"] & ~mask
    assert gradient.abs()[grown].min() >= gradient.abs()[~sparse.masks["decoder.weight"] & ~mask].max()


def test_growth_by_gradient_waits_for_the_first_step_of_an_epoch(
    make_model: MakeModel, backward: Backward
) -> None:
    model = make_model()
    sparse = _sparse(model, SGD(model.parameters(), lr=0.1), growth="gradient", update_interval="epoch")
    sparse.begin_epoch()
    backward(model, 0)
    sparse.step()
    first = _copy(sparse.masks)
    sparse.begin_epoch()
    assert all(torch.equal(first[n], mask) for n, mask in sparse.masks.items())
    saved = sparse.state_dict()
    assert saved["pending"] is True
    for step, changes in ((1, True), (2, False)):
        before = _copy(sparse.masks)
        backward(model, step)
        sparse.step()
        assert any(not torch.equal(before[n], mask) for n, mask in sparse.masks.items()) is changes


def test_growth_by_gradient_without_gradients_is_refused(make_model: MakeModel) -> None:
    model = make_model()
    sparse = _sparse(model, SGD(model.parameters(), lr=0.1), growth="gradient")
    with pytest.raises(ConfigurationError, match="must come after the backward pass"):
        sparse.update_topology()


def test_growth_by_momentum_before_the_first_step_is_refused(make_model: MakeModel) -> None:
    model = make_model()
    sparse = _sparse(model, OPTIMIZERS["adam"](model), growth="momentum")
    with pytest.raises(ConfigurationError, match="must come after the first step"):
        sparse.update_topology()


@pytest.mark.parametrize(("growth", "redistribution"), [("momentum", "none"), ("random", "momentum")])
@pytest.mark.parametrize("betas", [None, (0.0, 0.999)])
def test_momentum_without_a_momentum_is_refused(
    make_model: MakeModel, growth: str, redistribution: str, betas: tuple[float, float] | None
) -> None:
    model = make_model()
    optimizer = SGD(model.parameters(), lr=0.1) if betas is None else Adam(model.parameters(), betas=betas)
    with pytest.raises(ConfigurationError, match=r"reads momenta, got (SGD|Adam) that keeps none"):
        _sparse(model, optimizer, growth=growth, redistribution=redistribution)
    _sparse(model, optimizer, growth=growth, redistribution=redistribution, death_rate=0)  # static reads none


def test_gradients_accumulate_between_steps(make_model: MakeModel, backward: Backward) -> None:
    def train(batches: list[list[int]]) -> tuple[dict[str, torch.Tensor], SparseTraining]:
        model = make_model()
        sparse = _sparse(
            model, SGD(model.parameters(), lr=0.1), growth="gradient", update_interval=1, death_rate=0.3
        )
        for batch in batches:
            total = {n: torch.zeros_like(p) for n, p in model.named_parameters()}
            for step in batch:
                backward(model, step, scale=1 / len(batch))
                for n, p in model.named_parameters():
                    total[n] += p.grad
            for n, p in model.named_parameters():
                p.grad = total[n]
            sparse.step()
        return {n: p.detach() for n, p in model.named_parameters()}, sparse

    weights, sparse = train([[0, 1], [2, 3], [4, 5]])
    assert sparse.steps == 3  # a step is a call of step(), not a backward pass
    assert sum(int(mask.sum()) for mask in sparse.masks.values()) == sparse.live()
    assert all(not weights[n][~mask].any() for n, mask in sparse.masks.items())


def test_a_parameter_that_the_loss_does_not_reach_counts_as_gradient_zero() -> None:
    model = nn.ParameterDict({"used": torch.randn(4, 4), "unused": torch.randn(4, 4)})
    sparse = _sparse(model, SGD(model.parameters(), lr=0.1), growth="gradient", update_interval=1)
    for _ in range(3):
        model["used"].grad = torch.randn(4, 4)
        sparse.step()
        assert sum(int(mask.sum()) for mask in sparse.masks.values()) == sparse.live()


def test_sparse_gradients_of_an_embedding_are_understood() -> None:
    torch.manual_seed(0)
    model = nn.Embedding(7, 5, sparse=True)
    sparse = _sparse(model, SGD(model.parameters(), lr=0.1), growth="gradient", update_interval=1)
    for _ in range(3):
        model.zero_grad()
        model(torch.tensor([1, 2, 2])).square().sum().backward()
        sparse.step()
        assert int(sparse.masks["weight"].sum()) == sparse.live()
        assert not model.weight[~sparse.masks["weight"]].any()
