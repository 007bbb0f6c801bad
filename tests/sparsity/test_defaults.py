"""What a user gets who says little, and what is said where nothing would happen."""

import copy
import dataclasses
import inspect
import logging
from collections.abc import Callable

import pytest
import torch
from torch import nn
from torch.optim import SGD

from hyperprune.sparsity import PruningVariant, SparseTraining

MakeModel = Callable[..., nn.Module]
Backward = Callable[..., None]


def _sgd(model: nn.Module) -> SGD:
    return SGD(model.parameters(), lr=0.1)


def test_the_constructor_has_the_defaults_of_the_variant(make_model: MakeModel) -> None:
    model = make_model()
    sparse = SparseTraining(model, _sgd(model), density=0.3)
    assert sparse.variant == PruningVariant(density=0.3)
    parameters = inspect.signature(SparseTraining).parameters
    for field in dataclasses.fields(PruningVariant):
        if field.name != "density":
            assert parameters[field.name].default == field.default, field.name


def test_a_loop_without_begin_epoch_is_told_that_nothing_happens(
    make_model: MakeModel, backward: Backward, caplog: pytest.LogCaptureFixture
) -> None:
    model = make_model()
    sparse = SparseTraining(model, _sgd(model), density=0.3)
    for step in range(3):
        backward(model, step)
        sparse.step()
    assert [r.levelno for r in caplog.records] == [logging.WARNING]  # once
    assert "begin_epoch(), which was not called before this step" in caplog.text


@pytest.mark.parametrize("call", ["begin_epoch", "update_topology"])
def test_a_loop_that_updates_is_told_nothing(
    make_model: MakeModel, backward: Backward, caplog: pytest.LogCaptureFixture, call: str
) -> None:
    model = make_model()
    sparse = SparseTraining(model, _sgd(model), density=0.3)
    getattr(sparse, call)()
    backward(model, 0)
    sparse.step()
    assert not caplog.records


def test_updates_by_hand_alone_are_said_at_construction(
    make_model: MakeModel, caplog: pytest.LogCaptureFixture
) -> None:
    model = make_model()
    SparseTraining(model, _sgd(model), density=0.3, death_rate=0, update_interval=None)
    assert not caplog.records
    SparseTraining(model, _sgd(model), density=0.3, update_interval=None)
    assert "update_topology() alone" in caplog.text


def test_an_attached_optimiser_does_it_all(make_model: MakeModel, backward: Backward) -> None:
    one, two = make_model(), make_model()
    optimizer, other = _sgd(one), _sgd(two)
    attached = SparseTraining.attach(one, optimizer, density=0.3, update_interval=2, total_steps=8)
    stepped = SparseTraining(two, other, density=0.3, update_interval=2, total_steps=8)
    for step in range(6):
        backward(one, step)
        backward(two, step)
        optimizer.step()
        stepped.step()
    assert attached.steps == stepped.steps == 6
    for name, mask in stepped.masks.items():
        assert torch.equal(mask, attached.masks[name])
        assert torch.equal(one.get_parameter(name), two.get_parameter(name))
    backward(one, 6)
    assert attached.step()  # the other way still counts once
    assert attached.steps == 7
    attached.detach()
    backward(one, 7)
    optimizer.step()
    assert attached.steps == 7


def test_attach_updates_by_default(make_model: MakeModel) -> None:
    model = make_model()
    assert SparseTraining.attach(model, _sgd(model), density=0.3).variant.update_interval == 100


def test_a_copy_of_an_attached_training_is_attached_to_its_copy(
    make_model: MakeModel, backward: Backward
) -> None:
    model = make_model()
    optimizer = _sgd(model)
    sparse = SparseTraining.attach(model, optimizer, density=0.3, update_interval=2)
    other, copied, copy_of_sparse = copy.deepcopy((model, optimizer, sparse))
    for step in range(5):
        backward(model, step)
        backward(other, step)
        optimizer.step()
        copied.step()
    assert sparse.steps == copy_of_sparse.steps == 5
    for name, mask in sparse.masks.items():
        assert torch.equal(mask, copy_of_sparse.masks[name])
        assert torch.equal(model.get_parameter(name), other.get_parameter(name))
