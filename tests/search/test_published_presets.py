"""The presets of published networks have the published sizes, recipe and density."""

import pytest
import torch

from hyperprune.models import build
from hyperprune.search import configure, configure_training
from hyperprune.sparsity import PruningVariant

PTB, WIKITEXT_2 = 10_000, 33_278
# preset: types, weights, biases, density, recipe, dropouts
PUBLISHED = {
    "ptb-lstm": (
        PTB,
        66_000_000,
        34_000,
        0.33,
        {"learning_rate": 40, "clip": 0.25, "batch": 20, "evaluation_batch": 20, "bptt": 35, "epochs": 100}
        | {"weight_decay": 1.2e-6, "optimizer": "snt-asgd", "nonmonotone": 5},
        {"dropout": 0.65, "tied": False},
    ),
    "ptb-rhn": (
        PTB,
        23_455_800,
        28_260,
        0.472,
        {"learning_rate": 15, "clip": 0.25, "batch": 20, "bptt": 35, "epochs": 500, "weight_decay": 1.2e-6},
        {"dropout": 0.65, "hidden_dropout": 0.25, "input_dropout": 0.65, "embedding_dropout": 0.2}
        | {"depth": 10, "coupled": True, "tied": True},
    ),
    "wt2-mos": (
        WIKITEXT_2,
        34_848_150,
        61_378,
        0.45,
        {"learning_rate": 15, "clip": 0.25, "batch": 15, "slice": 5, "bptt": 70, "epochs": 1000}
        | {"weight_decay": 1.2e-6, "random_bptt": True, "ar": 2, "tar": 1},
        {"dropout": 0.4, "hidden_dropout": 0.2, "input_dropout": 0.55, "latent_dropout": 0.29}
        | {"embedding_dropout": 0.1, "weight_drop": 0.5, "experts": 15, "tied": True},
    ),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_preset_is_the_published_one(name: str) -> None:
    types, weights, biases, density, recipe, dropouts = PUBLISHED[name]
    config = configure(name)
    assert config.density == density
    assert {key: getattr(config.recipe, key) for key in recipe} == recipe
    assert {key: getattr(config.model, key) for key in dropouts} == dropouts
    with torch.device("meta"):
        network = build(config.model, types)
    sizes = [(parameter.dim(), parameter.numel()) for parameter in network.parameters()]
    assert sum(count for dim, count in sizes if dim >= 2) == weights
    assert sum(count for dim, count in sizes if dim == 1) == biases


@pytest.mark.parametrize(
    ("small", "full"), [("ptb-rhn-small", "ptb-rhn"), ("ptb-on-lstm-small", "ptb-on-lstm")]
)
def test_a_small_preset_is_of_the_same_kind_and_density(small: str, full: str) -> None:
    little, large = configure(small), configure(full)
    assert little.model.kind == large.model.kind
    assert little.density == large.density
    assert little.corpus.max_train_tokens is not None


def test_published_evaluation_batch_of_the_on_lstm() -> None:
    assert configure("ptb-on-lstm").recipe.evaluation_batch == 10


def test_selfish_rnn_s_command_for_the_lstm() -> None:
    """SNT-ASGD, density 0.33, uniform, magnitude, random, none, 0.8 along a cosine; lr 40, 100 epochs."""
    config = configure_training(
        "ptb-lstm", values={"variant.method": "selfish_rnn", "variant.death_rate": 0.8}
    )
    variant = PruningVariant(density=0.33, death_rate=0.8)
    assert config.pruning == variant
    assert (variant.sparse_init, variant.death, variant.growth, variant.redistribution, variant.decay) == (
        "uniform",
        "magnitude",
        "random",
        "none",
        "cosine",
    )
    recipe = config.recipe
    assert (recipe.optimizer, recipe.learning_rate, recipe.epochs) == ("snt-asgd", 40, 100)


def test_a_method_brings_its_optimiser_where_the_user_names_none(caplog: pytest.LogCaptureFixture) -> None:
    """``train --method selfish_rnn`` trained with the plain SGD of the preset."""
    method = {"variant.method": "selfish_rnn"}
    assert configure_training("python-docs").recipe.optimizer == "sgd"
    assert configure_training("python-docs", values=method).recipe.optimizer == "snt-asgd"
    assert not caplog.records
    given = configure_training("python-docs", values={**method, "recipe.optimizer": "sgd"}).recipe
    assert given.optimizer == "sgd"
    assert "selfish_rnn was published with snt-asgd, this training has sgd" in caplog.text
    rigl = configure_training("python-docs", values={"variant.method": "rigl"}).recipe
    assert (rigl.momentum, rigl.learning_rate) == (
        0.9,
        configure_training("python-docs").recipe.learning_rate / 10,
    )
    dense = configure_training("python-docs", values={**method, "dense": True}).recipe
    assert dense.optimizer == "sgd"


def test_a_search_says_where_a_method_was_published_with_another_optimiser(
    caplog: pytest.LogCaptureFixture,
) -> None:
    values = {"space.method": ["rules", "set", "selfish_rnn"]}
    assert configure("python-docs", values=values).recipe.optimizer == "sgd"
    assert [r.getMessage() for r in caplog.records] == [
        "selfish_rnn was published with snt-asgd, this training has sgd: the results may differ"
    ]


def test_what_a_task_asks_for_is_not_replaced_by_a_method(caplog: pytest.LogCaptureFixture) -> None:
    values = {"task.object": "digits", "variant.method": "rigl"}
    plain = configure_training(values={"task.object": "digits"}).recipe
    recipe = configure_training(values=values).recipe
    assert (recipe.optimizer, recipe.learning_rate) == (plain.optimizer, plain.learning_rate)
    assert ("rigl was published with" in caplog.text) == (plain.optimizer != "sgd")
