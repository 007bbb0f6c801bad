import pytest
import torch
from torch import nn

from hyperprune.errors import ConfigurationError, UnknownNameError
from hyperprune.optim import build


def test_a_name_gives_the_optimiser_over_all_parameters() -> None:
    model = nn.Linear(2, 3)
    optimizer = build("sgd", model, lr=2.0, weight_decay=0.1, momentum=0.5)
    assert isinstance(optimizer, torch.optim.SGD)
    (group,) = optimizer.param_groups
    assert (group["lr"], group["weight_decay"], group["momentum"]) == (2.0, 0.1, 0.5)
    assert len(group["params"]) == 2
    assert len(build("sgd", [model.weight], lr=1.0).param_groups[0]["params"]) == 1


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(UnknownNameError, match=r"unknown optimiser 'sdg': choose one of .*sgd"):
        build("sdg", nn.Linear(2, 3), lr=1.0)


@pytest.mark.parametrize(
    ("values", "rule"),
    [
        ({"lr": 0.0}, "lr must be above 0"),
        ({"weight_decay": -1.0}, "weight_decay must be at least 0"),
        ({"momentum": 1.0}, "momentum must lie in"),
        ({"nonmonotone": 0}, "nonmonotone must be at least 1"),
        ({"betas": (0.9, 1.0)}, "betas must lie in"),
    ],
)
def test_values_outside_their_range_are_refused(values: dict[str, float], rule: str) -> None:
    with pytest.raises(ConfigurationError, match=rule):
        build("sgd", nn.Linear(2, 3), **({"lr": 1.0} | values))
