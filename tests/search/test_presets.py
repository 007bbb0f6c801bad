"""Presets of published recipes hold the published numbers, written out here a second time."""

import pytest
import torch

from hyperprune.models import build
from hyperprune.search import PRESETS, configure

_AWD = {
    "clip": 0.25,
    "bptt": 70,
    "random_bptt": True,
    "ar": 2.0,
    "tar": 1.0,
    "weight_decay": 1.2e-6,
    "nonmonotone": 5,
    "optimizer": "snt-asgd",
}
PUBLISHED = {
    "ptb-lstm": (
        {"embedding": 1500, "hidden": 1500, "layers": 2, "dropout": 0.65, "tied": False},
        {
            "optimizer": "snt-asgd",
            "learning_rate": 40.0,
            "clip": 0.25,
            "batch": 20,
            "evaluation_batch": 20,
            "bptt": 35,
            "random_bptt": False,
            "weight_decay": 1.2e-6,
            "nonmonotone": 5,
            "epochs": 100,
        },
        0.33,
        (10_000, 66_034_000),
    ),
    "wt2-mos": (
        {
            "embedding": 300,
            "hidden": 1150,
            "layers": 3,
            "last_hidden": 650,
            "experts": 15,
            "dropout": 0.4,
            "hidden_dropout": 0.2,
            "input_dropout": 0.55,
            "latent_dropout": 0.29,
            "embedding_dropout": 0.1,
            "weight_drop": 0.5,
            "tied": True,
        },
        _AWD | {"learning_rate": 15.0, "batch": 15, "slice": 5, "evaluation_batch": 10, "epochs": 1000},
        0.45,
        (33_278, 34_909_528),
    ),
    "ptb-awd-lstm": (
        {
            "embedding": 400,
            "hidden": 1150,
            "layers": 3,
            "dropout": 0.4,
            "hidden_dropout": 0.25,
            "input_dropout": 0.4,
            "embedding_dropout": 0.1,
            "weight_drop": 0.5,
            "tied": True,
        },
        _AWD | {"learning_rate": 30.0, "batch": 20, "evaluation_batch": 10, "epochs": 500},
        0.33,
        (10_000, 24_221_600),
    ),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_recipe(name: str) -> None:
    model, recipe, density, (types, weights) = PUBLISHED[name]
    config = configure(name)
    assert config.model.model_dump(exclude={"kind"}) == model
    assert recipe.items() <= config.recipe.model_dump().items()
    assert config.density == density
    with torch.device("meta"):
        network = build(config.model, types)
    assert sum(p.numel() for p in network.parameters()) == weights
    assert config.search.candidates == 40
    assert (config.search.first_epochs, config.search.round_epochs) == (3, 3)


SMALL = [name for name in PRESETS if name.endswith("-small") and name.removesuffix("-small") in PRESETS]


@pytest.mark.parametrize("name", SMALL)
def test_a_small_preset_has_the_kind_and_sparsity_of_its_full_one(name: str) -> None:
    full = name.removesuffix("-small")
    assert configure(name).model.kind == configure(full).model.kind
    assert configure(name).sparsity == configure(full).sparsity
