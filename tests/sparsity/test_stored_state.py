"""The state is plain: tensors that safetensors holds, and the rest JSON."""

import copy
import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn
from torch.optim import SGD

from hyperprune.errors import CheckpointError
from hyperprune.sparsity import SparseTraining

MakeModel = Callable[..., nn.Module]
Backward = Callable[..., None]


def _sparse(model: nn.Module, **changes: object) -> SparseTraining:
    choices: dict[str, object] = {
        "density": 0.33,
        "sparse_init": "er",
        "death": "threshold",
        "growth": "gradient",
        "redistribution": "magnitude",
        "death_rate": 0.5,
        "update_interval": "epoch",
        "total_steps": 30,
    }
    return SparseTraining(model, SGD(model.parameters(), lr=0.3), **(choices | changes))


def _train(model: nn.Module, sparse: SparseTraining, backward: Backward, steps: range) -> None:
    for step in steps:
        if step % 3 == 0:
            sparse.begin_epoch()
        backward(model, step)
        sparse.step()


@pytest.mark.parametrize("growth", ["gradient", "random"])
@pytest.mark.parametrize("pending", [False, True])
def test_a_file_of_tensors_and_a_file_of_json_hold_it_all(
    make_model: MakeModel, backward: Backward, tmp_path: Path, pending: bool, growth: str
) -> None:
    model = make_model()
    sparse = _sparse(model, growth=growth)
    _train(model, sparse, backward, range(9))
    if pending:
        sparse.begin_epoch()
    state = sparse.state_dict()
    tensors = {f"mask.{name}": mask for name, mask in state["masks"].items()} | {
        "generator": state["generator"]
    }
    save_file(tensors, tmp_path / "state.safetensors")
    rest = {name: value for name, value in state.items() if name not in ("masks", "generator")}
    (tmp_path / "state.json").write_text(json.dumps(rest, allow_nan=False))
    weights = copy.deepcopy(model.state_dict())
    steps = range(10, 15) if pending else range(9, 15)
    _train(model, sparse, backward, steps)

    loaded = load_file(tmp_path / "state.safetensors")
    assert loaded["mask.decoder.weight"].dtype == torch.bool
    assert loaded["generator"].dtype == torch.uint8
    other = make_model(seed=5)
    other_sparse = _sparse(other, growth=growth, generator=torch.Generator().manual_seed(9))
    other.load_state_dict(weights)
    other_sparse.load_state_dict(
        json.loads((tmp_path / "state.json").read_text())
        | {"generator": loaded["generator"]}
        | {"masks": {name[5:]: value for name, value in loaded.items() if name.startswith("mask.")}}
    )
    _train(other, other_sparse, backward, steps)
    assert sparse.steps == other_sparse.steps
    for name, mask in sparse.masks.items():
        assert torch.equal(mask, other_sparse.masks[name])
        assert torch.equal(model.get_parameter(name), other.get_parameter(name))


def test_a_saved_state_does_not_change_with_training(make_model: MakeModel, backward: Backward) -> None:
    model = make_model()
    sparse = _sparse(model)
    _train(model, sparse, backward, range(3))
    state = sparse.state_dict()
    frozen = copy.deepcopy(state)
    _train(model, sparse, backward, range(3, 9))
    assert all(torch.equal(state["masks"][n], mask) for n, mask in frozen["masks"].items())
    assert torch.equal(state["generator"], frozen["generator"])
    assert {n: v for n, v in state.items() if n not in ("masks", "generator")} == {
        n: v for n, v in frozen.items() if n not in ("masks", "generator")
    }


def test_a_state_of_something_else_is_refused_before_anything_changes(make_model: MakeModel) -> None:
    sparse = _sparse(make_model())
    state = sparse.state_dict()
    with pytest.raises(CheckpointError, match=r"got death_rate 0\.5 where this one has 0\.6"):
        _sparse(make_model(), death_rate=0.6).load_state_dict(state)
    with pytest.raises(CheckpointError, match="must have masks"):
        sparse.load_state_dict({name: value for name, value in state.items() if name != "masks"})
    with pytest.raises(CheckpointError, match="another model's state"):
        sparse.load_state_dict(state | {"masks": {"a": torch.ones(2, dtype=torch.bool)}})
    wrong = {name: torch.ones_like(mask) for name, mask in state["masks"].items()}
    with pytest.raises(CheckpointError, match=r"live weights, got \d+"):
        sparse.load_state_dict(state | {"masks": wrong})
    assert all(torch.equal(mask, state["masks"][n]) for n, mask in sparse.masks.items())


def test_a_state_of_the_first_version_opens(make_model: MakeModel, backward: Backward) -> None:
    """It wrote ``ramp``: null for most, two fractions with growth none for gradual and one-shot pruning."""
    sparse = _sparse(make_model())
    state = sparse.state_dict()
    state["variant"] = {**state["variant"], "ramp": None}
    sparse.load_state_dict(state)
    gradual = {"death": "magnitude", "growth": "random", "redistribution": "none", "death_rate": 0.0}
    gradual |= {"density_schedule": "gradual", "update_interval": 2}
    model = make_model()
    sparse = _sparse(model, **gradual)
    _train(model, sparse, backward, range(9))
    state = sparse.state_dict()
    variant = {n: v for n, v in state["variant"].items() if n not in ("density_schedule", "schedule_span")}
    state["variant"] = {**variant, "growth": "none", "ramp": [0.0, 0.75]}
    other = _sparse(make_model(), **gradual)
    other.load_state_dict(state)
    assert other.live() == sparse.live()
    state["variant"]["ramp"] = [0.0, 0.5]
    with pytest.raises(CheckpointError, match="of the same variant, got schedule_span"):
        other.load_state_dict(state)
    state["variant"] = {"density": 0.3, "waves": 3}
    with pytest.raises(CheckpointError, match="one that cannot be made: unknown field 'waves'"):
        other.load_state_dict(state)
