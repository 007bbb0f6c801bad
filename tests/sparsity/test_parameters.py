from collections.abc import Callable

import pytest
import torch
from torch import nn

from hyperprune.errors import ConfigurationError
from hyperprune.sparsity import SparseTraining
from hyperprune.sparsity.initial import budget_shapes
from hyperprune.sparsity.parameters import find_prunable


def test_parameters_of_two_or_more_dimensions_are_prunable(make_model: Callable[..., nn.Module]) -> None:
    found = find_prunable(make_model()).parameters
    assert [name for name in found if "bias" in name] == []
    assert list(found)[:2] == ["encoder.weight", "rnn.weight_ih_l0"]
    assert list(find_prunable(nn.Conv1d(2, 3, 4)).parameters) == ["weight"]


def test_a_tied_matrix_counts_once_under_its_first_name(make_model: Callable[..., nn.Module]) -> None:
    found = find_prunable(make_model(tied=True)).parameters
    assert "encoder.weight" in found
    assert "decoder.weight" not in found


@pytest.mark.parametrize("pattern", ["decoder", "decoder.weight", "encod*", "*coder.weight"])
def test_any_name_of_a_tied_matrix_excludes_it(make_model: Callable[..., nn.Module], pattern: str) -> None:
    found = find_prunable(make_model(tied=True), exclude=[pattern]).parameters
    assert all(name.startswith("rnn.") for name in found)


def test_a_pattern_that_names_nothing_is_refused(make_model: Callable[..., nn.Module]) -> None:
    with pytest.raises(
        ConfigurationError, match=r"'embeding' names no parameter: the model has encoder\.weight"
    ):
        find_prunable(make_model(), exclude=["embeding"])


def test_a_model_without_matrices_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="none is left"):
        find_prunable(nn.LayerNorm(3))


def test_a_lazy_parameter_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="run the model once"):
        find_prunable(nn.LazyLinear(3))


def test_members_of_a_budget_are_one_matrix() -> None:
    model = nn.ModuleDict({"h": nn.Linear(3, 2), "t": nn.Linear(3, 4), "out": nn.Linear(3, 5)})
    found = find_prunable(model, share_budget=[["h.weight", "t.weight"]])
    assert found.budgets == {"h.weight": ("h.weight", "t.weight"), "out.weight": ("out.weight",)}
    assert budget_shapes(found) == {"h.weight": (6, 3), "out.weight": (5, 3)}
    tensors = {name: torch.rand_like(p) for name, p in found.parameters.items()}
    parts = found.part(found.join(tensors))
    assert all(torch.equal(parts[name], tensors[name]) for name in tensors)


@pytest.mark.parametrize("groups", [[["a", "b"]], [["a", "c"], ["c", "a"]]])
def test_a_budget_of_unequal_columns_or_two_groups_is_refused(groups: list[list[str]]) -> None:
    model = nn.ParameterDict({"a": torch.zeros(2, 3), "b": torch.zeros(2, 4), "c": torch.zeros(1, 3)})
    with pytest.raises(ConfigurationError, match="same number of columns and be in one group"):
        find_prunable(model, share_budget=groups)


def test_weight_drop_masks_the_raw_parameter() -> None:
    model = nn.Linear(6, 4)
    nn.utils.parametrize.register_parametrization(model, "weight", nn.Dropout(0.5))
    sparse = SparseTraining.from_method(
        "selfish_rnn", model, torch.optim.SGD(model.parameters(), lr=0.1), density=0.5
    )
    assert list(sparse.masks) == ["parametrizations.weight.original"]
    for _ in range(3):
        model(torch.randn(2, 6)).square().mean().backward()
        sparse.step()
    assert not model.weight[~sparse.masks["parametrizations.weight.original"]].any()
