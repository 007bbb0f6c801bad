"""Gradient scaling: a step that the scaler skips counts for nothing."""

from collections.abc import Callable

import pytest
import torch
from torch import nn
from torch.optim import SGD, Adam, Optimizer

from hyperprune.sparsity import SparseTraining

Backward = Callable[..., None]


def _sparse(model: nn.Module, optimizer: Optimizer, growth: str = "random") -> SparseTraining:
    return SparseTraining(
        model,
        optimizer,
        density=0.4,
        sparse_init="uniform",
        death="magnitude",
        growth=growth,
        redistribution="none",
        death_rate=0.5,
        update_interval=2,
        total_steps=20,
    )


def _scaled_step(
    model: nn.Module,
    sparse: SparseTraining,
    scaler: torch.amp.GradScaler,
    backward: Backward,
    step: int,
    bad: bool,
) -> bool:
    backward(model, step, scale=scaler.get_scale())
    scaler.scale(torch.zeros(1))  # the scaler makes its scale when it is first used
    if bad:
        gradient = model.get_parameter("decoder.weight").grad
        assert gradient is not None
        gradient[0, 0] = torch.inf
    scaler.unscale_(sparse.optimizer)
    sparse.clip_grad_norm_(0.25)
    taken = sparse.step(scaler)
    scaler.update()
    return taken


@pytest.mark.parametrize("growth", ["random", "gradient"])
@pytest.mark.parametrize(
    "make_optimizer",
    [
        lambda model: SGD(model.parameters(), lr=0.1),
        lambda model: Adam(model.parameters(), lr=0.01),
        lambda model: Adam(model.parameters(), lr=0.01, fused=True),  # skips by itself, inside its step
    ],
    ids=["sgd", "adam", "fused"],
)
def test_a_skipped_step_changes_nothing_and_the_update_waits(
    make_model: Callable[..., nn.Module],
    backward: Backward,
    make_optimizer: Callable[[nn.Module], Optimizer],
    growth: str,
) -> None:
    model = make_model()
    sparse = _sparse(model, make_optimizer(model), growth)
    scaler = torch.amp.GradScaler("cpu", init_scale=8.0)
    taken, changed = [], []
    for step in range(6):
        masks = {n: mask.clone() for n, mask in sparse.masks.items()}
        weights = {n: p.detach().clone() for n, p in model.named_parameters()}
        taken.append(_scaled_step(model, sparse, scaler, backward, step, bad=step == 2))
        changed.append(any(not torch.equal(masks[n], mask) for n, mask in sparse.masks.items()))
        if not taken[-1]:
            assert all(torch.equal(weights[n], p) for n, p in model.named_parameters())
        assert sum(int(mask.sum()) for mask in sparse.masks.values()) == sparse.live()
    assert taken == [True, True, False, True, True, True]
    # due after two steps taken, which is when the third was skipped: the next one does it
    assert changed == [False, False, False, True, False, True]
    assert sparse.steps == 5


def test_scaling_by_a_power_of_two_trains_the_same_network(
    make_model: Callable[..., nn.Module], backward: Backward
) -> None:
    plain, scaled = make_model(), make_model()
    one = _sparse(plain, SGD(plain.parameters(), lr=0.1), "gradient")
    two = _sparse(scaled, SGD(scaled.parameters(), lr=0.1), "gradient")
    scaler = torch.amp.GradScaler("cpu", init_scale=8.0, growth_interval=100)
    for step in range(6):
        backward(plain, step)
        one.clip_grad_norm_(0.25)
        one.step()
        _scaled_step(scaled, two, scaler, backward, step, bad=False)
    for name, mask in one.masks.items():
        assert torch.equal(mask, two.masks[name])
        assert torch.equal(plain.get_parameter(name), scaled.get_parameter(name))
