"""Which choices are made, and what stands where one is not."""

import re
import tomllib
from pathlib import Path

import optuna
import pytest

from hyperprune.errors import ConfigurationError
from hyperprune.search import SpaceConfig
from hyperprune.search.space.choice import Choice
from hyperprune.sparsity import METHODS, PruningVariant


def _space(**tables: object) -> SpaceConfig:
    return SpaceConfig.model_validate(tables)


def _asked(space: SpaceConfig, count: int = 300) -> list[dict[str, object]]:
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=1))
    found = []
    for _ in range(count):
        trial = study.ask()
        space.suggest(trial)
        found.append(trial.params)
        study.tell(trial, 0.0)
    return found


def test_a_static_variant_is_asked_for_nothing_that_has_no_effect() -> None:
    space = _space(death_rate=[0.0, 0.5], growth=["random", "gradient"])
    params = _asked(space)
    static = [p for p in params if p["death_rate"] == 0.0]
    assert 0 < len(static) < len(params)
    assert all(set(p) == {"sparse_init", "death_rate"} for p in static)
    assert all({"growth", "death", "redistribution"} <= set(p) for p in params if p["death_rate"] == 0.5)
    assert len({space.choice(p, 0.3).key() for p in static}) == 2  # one for each sparse_init


def test_every_number_may_be_a_choice() -> None:
    space = _space(
        learning_rate={"low": 0.1, "high": 10}, dropout=[0.2, 0.4], sparsity={"low": 0.5, "high": 0.9}
    )
    params = _asked(space)
    logs = sum(float(str(p["learning_rate"])) < 1 for p in params) / len(params)
    assert 0.4 < logs < 0.6  # half of a logarithmic range lies below its geometric middle
    assert {p["dropout"] for p in params} == {0.2, 0.4}
    chosen = space.choice({**params[0], "sparsity": 0.75}, 0.33)
    assert chosen.variant.density == 0.25
    assert chosen.overrides == {"learning_rate": params[0]["learning_rate"], "dropout": params[0]["dropout"]}


def test_a_condition_of_the_user() -> None:
    space = _space(growth=["random", "gradient"], when={"redistribution": {"growth": ["random"]}})
    params = _asked(space)
    assert all(("redistribution" in p) == (p["growth"] == "random") for p in params)
    left_out = next(p for p in params if p["growth"] == "gradient")
    assert space.choice(left_out, 0.3).variant.redistribution == space.redistribution[0]


def test_a_death_rate_for_named_methods_too() -> None:
    space = _space(
        method=["rules", "rigl", "static"],
        death_rate=[0.1, 0.2],
        when={"death_rate": {"method": ["rules", "rigl"]}},
    )
    params = _asked(space)
    assert all(("death_rate" in p) == (p["method"] != "static") for p in params)
    rigl = next(p for p in params if p["method"] == "rigl" and p["death_rate"] == 0.2)
    assert space.choice(rigl, 0.3).variant == METHODS["rigl"].at(0.3, death_rate=0.2)
    static = next(p for p in params if p["method"] == "static")
    assert space.choice(static, 0.3).variant == METHODS["static"].at(0.3)


def test_equal_keys_are_equal_networks() -> None:
    variant, other = (PruningVariant(density=0.3, death_rate=rate) for rate in (0.4, 0.5))
    keys = [
        Choice(variant).key(),
        Choice(other).key(),
        Choice(variant, 1.0).key(),
        Choice(variant, 2.0).key(),
    ]
    keys += [Choice(variant, 1.0, 0.1).key(), Choice(variant, None, 0.1).key()]
    assert len(set(keys)) == 6
    still = PruningVariant(density=0.3, death_rate=0.0)
    idle = PruningVariant(density=0.3, death_rate=0.0, growth="gradient")
    assert Choice(still, 1.0).key() == Choice(idle, 1.0).key()


@pytest.mark.parametrize(
    ("tables", "message"),
    [
        ({"when": {"deth": {"growth": ["random"]}}}, "not a choice of this space"),
        ({"when": {"death": {"growht": ["random"]}}}, "not a choice of this space"),
        ({"when": {"death": {"growth": ["gradient"]}}}, "got 'gradient'"),
        ({"when": {"death": {"growth": []}}}, "no value"),
        ({"when": {"death": {"growth": ["random"]}, "growth": {"death": ["set"]}}}, "circle"),
        ({"death_rate": {"low": 0.1, "high": 0.5}, "when": {"death": {"death_rate": [0.2]}}}, "a range"),
        ({"method": ["rules", "rigl"], "when": {"growth": {"method": ["rigl"]}}}, "names rigl"),
        ({"method": ["rules", "static"], "when": {"death_rate": {"method": ["static"]}}}, "no death rate"),
        ({"learning_rate": [0.0]}, "must be above 0, got 0.0"),
        ({"learning_rate": {"low": 3, "high": 1}}, "a range goes up"),
        ({"dropout": [1.0]}, "must lie in \\[0, 1\\), got 1.0"),
        ({"sparsity": [-0.1]}, "got -0.1"),
    ],
)
def test_what_cannot_be_is_refused(tables: dict[str, object], message: str) -> None:
    with pytest.raises((ConfigurationError, ValueError), match=message):
        _space(**tables)


def test_spaces_in_the_guide_are_valid() -> None:
    text = (Path(__file__).parents[2] / "docs" / "choosing.md").read_text(encoding="utf-8")
    found = [tomllib.loads(block) for block in re.findall(r"^```toml\n(.*?)^```$", text, re.S | re.M)]
    assert len(found) == 2
    for tables in found:
        assert SpaceConfig.model_validate(tables["space"]).dimensions
