"""Choices say which is which, and a named method keeps its name."""

from typing import Any

import pytest

from hyperprune.search import SpaceConfig
from hyperprune.search.space.words import choice_words

RULES = {"sparse_init": "er", "growth": "random", "death": "magnitude", "redistribution": "none"}
FIXED = {"decay": "cosine", "update_interval": "epoch"}


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({**RULES, **FIXED, "death_rate": 0.4}, "first masks er, death magnitude, rate 0.4"),
        (
            {**RULES, **FIXED, "redistribution": "nonzeros", "death_rate": 0.4, "learning_rate": 3.0},
            "first masks er, death magnitude, redistribution nonzeros, rate 0.4, learning rate 3",
        ),
        (
            {**RULES, **FIXED, "growth": "gradient", "update_interval": 100, "death_rate": 0.25},
            "first masks er, death magnitude, growth gradient, rate 0.25, update every 100",
        ),
        ({**RULES, **FIXED, "death_rate": 0.0}, "first masks er, static"),
        ({"method": "rigl"}, "rigl"),
        ({"method": "static"}, "static"),
        ({"method": "gradual_magnitude"}, "gradual_magnitude"),
        ({"method": "one_shot_magnitude", "dropout": 0.25}, "one_shot_magnitude, dropout 0.25"),
        ({"method": "selfish_rnn"}, "selfish_rnn"),
    ],
)
def test_choices_in_words(params: dict[str, Any], words: str) -> None:
    space = SpaceConfig(method=("rules", "rigl", "static", "selfish_rnn"))
    assert choice_words(space.choice(params, 0.33).to_dict()) == words


def test_a_method_says_what_it_was_given_beside_its_own() -> None:
    space = SpaceConfig(
        method=("rules", "rigl"), death_rate=(0.3, 0.6), when={"death_rate": {"method": ("rules", "rigl")}}
    )
    assert (
        choice_words(space.choice({"method": "rigl", "death_rate": 0.6}, 0.33).to_dict()) == "rigl, rate 0.6"
    )


def test_a_name_decides_nothing() -> None:
    """The same network chosen by name and by rules is a duplicate."""
    space = SpaceConfig(method=("rules", "selfish_rnn"))
    named = space.choice({"method": "selfish_rnn"}, 0.33)
    rules = space.choice({**RULES, **FIXED, "sparse_init": "uniform", "death_rate": 0.5}, 0.33)
    assert named.method == "selfish_rnn"
    assert named.key() == rules.key()


def test_density_factors_are_counted_and_not_listed() -> None:
    """Six factors by the full names of their matrices are a paragraph in every line of progress."""
    factors = [["embedding.weight", 0.5], ["decoder.weight", 1.7]]
    words = choice_words({"sparse_init": "er", "death_rate": 0.1, "density_factors": factors})
    assert "2 density factors" in words
    assert "decoder" not in words
