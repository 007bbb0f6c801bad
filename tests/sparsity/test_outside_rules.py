"""The recipes of CONTRIBUTING.md, followed from a user's own module."""

import importlib.util
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
import torch
from torch import nn

from hyperprune.optim import OPTIMIZERS, build
from hyperprune.sparsity import (
    DEATH,
    GROWTH,
    PATTERN,
    REDISTRIBUTION,
    DeathRule,
    Deaths,
    PatternRule,
    PruningVariant,
    SparseTraining,
    citations,
)

MODULE = '''
"""Rules of a user's own."""

import torch
from torch.optim import RMSprop

from hyperprune.optim import OPTIMIZERS, OptimizerRule
from hyperprune.sparsity import (
    DEATH, GROWTH, REDISTRIBUTION, DeathRule, Deaths, GrowthRule, Paper, RedistributionRule,
)

PAPER = Paper("me2026", "Me", "My rules", "My desk", 2026, "https://example.org")


def oldest(topology, rate, memory):
    """The weights of lowest index die, one more of each matrix at every update."""
    round = memory["round"]
    scores = {n: torch.arange(w.numel(), dtype=w.dtype).view_as(w) for n, w in topology.weights.items()}
    counts = {n: min(int(round), max(0, live - 1)) for n, live in topology.live.items()}
    return Deaths(scores, counts, {"round": round + 1})


def last(dead, signal, generator):
    return {n: torch.arange(mask.numel(), dtype=torch.float64).view_as(mask) for n, mask in dead.items()}


DEATH.register("oldest")(DeathRule(oldest, memory={"round": 1.0}, papers=(PAPER,)))
GROWTH.register("last")(GrowthRule(last, needs="momentum", papers=(PAPER,)))
REDISTRIBUTION.register("equal")(RedistributionRule(lambda topology, lost: dict.fromkeys(lost, 1.0)))
OPTIMIZERS.register("rmsprop")(
    OptimizerRule(lambda parameters, s: RMSprop(parameters, lr=s.lr, momentum=s.momentum))
)
'''


@pytest.fixture
def own_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    for registry in (DEATH, GROWTH, REDISTRIBUTION, OPTIMIZERS):
        monkeypatch.setattr(registry, "_entries", dict(registry._entries))  # other tests don't see them
    (tmp_path / "own_rules.py").write_text(MODULE)
    spec = importlib.util.spec_from_file_location("own_rules", tmp_path / "own_rules.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_rules_of_a_users_own_module_train(
    own_module: ModuleType, make_model: Callable[..., nn.Module], backward: Callable[..., None]
) -> None:
    model = make_model()
    variant = PruningVariant(
        density=0.33, death="oldest", growth="last", redistribution="equal", update_interval=1
    )
    assert own_module.PAPER in citations(variant)
    sparse = SparseTraining.from_variant(variant, model, build("rmsprop", model, lr=0.01, momentum=0.9))
    for step in range(5):
        backward(model, step)
        sparse.step()
        assert sum(int(mask.sum()) for mask in sparse.masks.values()) == sparse.live()
    assert sparse.state_dict()["memory"] == {"round": 5.0}
    mask = sparse.masks["decoder.weight"].flatten()
    assert mask[-1]  # the last of the dead grew
    assert not mask[: int(mask.nonzero()[0])].any()


def test_a_rule_that_breaks_its_promise_is_stopped(
    make_model: Callable[..., nn.Module], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(DEATH, "_entries", dict(DEATH._entries))
    DEATH.register("greedy")(
        DeathRule(
            lambda topology, rate, memory: Deaths(topology.weights, dict.fromkeys(topology.live, 10**6))
        )
    )
    model = make_model()
    variant = PruningVariant(density=0.33, death="greedy")
    sparse = SparseTraining.from_variant(variant, model, torch.optim.SGD(model.parameters()))
    with pytest.raises(ValueError, match="the counts of a rule must fit its masks"):
        sparse.update_topology()


def test_a_pattern_of_a_users_own_is_its_block(
    make_model: Callable[..., nn.Module], backward: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PATTERN, "_entries", dict(PATTERN._entries))
    PATTERN.register("2x3")(PatternRule((2, 3)))
    model = make_model()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    rules = {"exclude": ["decoder"], "update_interval": 1}
    sparse = SparseTraining(model, optimizer, density=0.33, pattern="2x3", **rules)  # type: ignore[arg-type]
    for step in range(4):
        backward(model, step)
        sparse.step()
        blocks = sparse.masks["rnn.weight_hh_l1"].view(12, 2, 2, 3)
        assert torch.equal(blocks.any(3).any(1), blocks.all(3).all(1))
