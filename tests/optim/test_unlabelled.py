"""Steps without a label are the steps of torch, and are labelled where somebody reads it."""

from typing import Any

import pytest
import torch
from torch import nn
from torch.autograd import profiler
from torch.optim import Optimizer
from torch.optim.optimizer import register_optimizer_step_pre_hook

from hyperprune.optim import OPTIMIZERS, build

TORCHS: dict[str, tuple[type[Optimizer], dict[str, Any]]] = {
    "sgd": (torch.optim.SGD, {"momentum": 0.9, "foreach": True}),
    "adam": (torch.optim.Adam, {}),
    "adamw": (torch.optim.AdamW, {}),
}


def _model() -> nn.Linear:
    torch.manual_seed(2)
    return nn.Linear(5, 4)


def _train(model: nn.Linear, optimizer: Optimizer) -> None:
    torch.manual_seed(3)
    for _ in range(4):
        optimizer.zero_grad()
        model(torch.randn(6, 5)).square().mean().backward()
        optimizer.step()


def _labels(model: nn.Linear, optimizer: Optimizer) -> list[str]:
    with profiler.profile() as seen:
        _train(model, optimizer)
    return [event.key for event in seen.key_averages() if event.key.startswith("Optimizer.step")]


@pytest.mark.parametrize("name", TORCHS)
def test_weights_and_state_are_those_of_torchs_own_to_the_bit(name: str) -> None:
    kind, choices = TORCHS[name]
    own, torchs = _model(), _model()
    momentum = choices.get("momentum", 0.0)
    ours = build(name, own, lr=0.1, weight_decay=0.01, momentum=momentum)
    theirs: Optimizer = kind(torchs.parameters(), lr=0.1, weight_decay=0.01, **choices)  # type: ignore[call-arg]
    _train(own, ours)
    _train(torchs, theirs)
    assert all(torch.equal(a, b) for a, b in zip(own.parameters(), torchs.parameters(), strict=True))
    assert ours.state_dict()["state"].keys() == theirs.state_dict()["state"].keys()
    again = build(name, own, lr=0.1, weight_decay=0.01, momentum=momentum)
    again.load_state_dict(theirs.state_dict())


@pytest.mark.parametrize("name", list(OPTIMIZERS))
def test_a_label_is_made_for_a_profiler_alone(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    model = _model()
    optimizer = build(name, model, lr=0.1)
    assert _labels(model, optimizer) == [f"Optimizer.step#{type(optimizer).__name__}.step"]
    monkeypatch.setattr(profiler, "record_function", lambda *_: pytest.fail("a step was labelled"))
    model(torch.randn(6, 5)).square().mean().backward()
    optimizer.step()


@pytest.mark.parametrize("name", list(OPTIMIZERS))
def test_hooks_run(name: str) -> None:
    model, ran = _model(), []
    optimizer = build(name, model, lr=0.1)
    everywhere = register_optimizer_step_pre_hook(lambda *_: ran.append("everywhere"))
    _train(model, optimizer)
    everywhere.remove()
    before = optimizer.register_step_pre_hook(lambda *_: ran.append("before"))
    after = optimizer.register_step_post_hook(lambda *_: ran.append("after"))
    _train(model, optimizer)
    before.remove()
    after.remove()
    _train(model, optimizer)
    assert ran == ["everywhere"] * 4 + ["before", "after"] * 4


@pytest.mark.parametrize("name", list(OPTIMIZERS))
def test_a_closure_is_differentiated(name: str) -> None:
    model = _model()
    optimizer, before = build(name, model, lr=0.1), model.weight.clone()

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        loss = model(torch.ones(6, 5)).square().mean()
        loss.backward()
        return loss

    found = optimizer.step(closure)
    assert found is not None
    assert found > 0
    assert not torch.equal(model.weight, before)
