"""Patterns as choices of a search: asked for where they have an effect, checked before anything trains."""

from pathlib import Path
from typing import Any

import optuna
import pytest

from hyperprune.errors import ConfigurationError
from hyperprune.search import SpaceConfig, configure, for_task
from hyperprune.search.config.preflight import preflight
from hyperprune.search.space.words import choice_words
from hyperprune.sparsity import METHODS, PATTERN, PruningVariant

ALL = ("1x1", "16x1", "8x4", "units")
RNNOISE = {"reset": 0.3, "update": 0.2, "new": 0.5}


def _suggested(space: SpaceConfig, count: int = 120) -> list[tuple[dict[str, Any], PruningVariant]]:
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=1))
    found = []
    for _ in range(count):
        trial = study.ask()
        space.suggest(trial)
        found.append((trial.params, space.variant(trial.params, 0.3)))
        study.tell(trial, 0.0)
    return found


def test_a_space_without_patterns_is_the_one_of_before() -> None:
    assert "pattern" not in SpaceConfig().model_dump()
    assert "pattern" not in {dimension.name for dimension in SpaceConfig().dimensions}
    one, other = SpaceConfig(), SpaceConfig(pattern=("1x1",))
    assert _suggested(one) == _suggested(other)
    assert one == other


def test_every_pattern_is_suggested_with_what_has_an_effect_there() -> None:
    space = SpaceConfig(pattern=ALL, keep_diagonal=(False, True), criterion=("random",))
    found = _suggested(space)
    assert {params["pattern"] for params, _ in found} == set(ALL) == {v.pattern for _, v in found}
    for params, variant in found:
        if variant.pattern == "units":
            assert set(params) == {"pattern"}
            assert variant == PruningVariant(density=0.3, pattern="units", death_rate=0)
        else:
            assert variant.keep_diagonal == params["keep_diagonal"]
            assert variant.death_rate == params["death_rate"]
            signless = variant.pattern != "1x1" and params["death"] == "set"
            assert variant.death == ("magnitude" if signless else params["death"])


def test_units_alone_leave_no_choice_of_rules() -> None:
    space = SpaceConfig(pattern=("units",), criterion=("magnitude", "global_magnitude"))
    assert [dimension.name for dimension in space.dimensions] == ["criterion"]
    assert {variant.criterion for _, variant in _suggested(space)} == {"magnitude", "global_magnitude"}


def test_densities_of_gates_are_a_choice() -> None:
    text = "reset=0.3 update=0.2 new=0.5"
    space = SpaceConfig.model_validate({"gate_densities": [{}, RNNOISE], "pattern": "1x1, 16x1"})
    assert space.gate_densities == ("even", text)
    assert SpaceConfig.model_validate(space.model_dump()) == space
    for params, variant in _suggested(space):
        assert variant.gate_densities == (tuple(RNNOISE.items()) if params["gate_densities"] == text else ())
    overall = SpaceConfig.model_validate({"gate_densities": [RNNOISE], "criterion": ["global_magnitude"]})
    assert all(not variant.gate_densities for _, variant in _suggested(overall, 5))


@pytest.mark.parametrize(
    ("space", "message"),
    [
        ({"pattern": ["16x2"]}, "16x2"),
        ({"gate_densities": ["reset"]}, "gate_densities must be even or densities by gate, got 'reset'"),
        ({"pattern": ["1x1", "units"], "method": ["rules", "rigl"]}, "only prunes"),
        ({"pattern": ["16x1"], "method": ["set"]}, "goes by the signs"),
        ({"pattern": ["units", "1x1"], "death": ["bogus"]}, "bogus"),
    ],
)
def test_choices_that_make_no_sense_are_refused(space: dict[str, Any], message: str) -> None:
    with pytest.raises(Exception, match=message):
        SpaceConfig.model_validate(space)


def test_methods_take_the_pattern_unless_they_have_their_own() -> None:
    space = SpaceConfig(pattern=("16x1",), method=("rigl", "gradual_magnitude", "rnnoise"))
    found = {params["method"]: variant for params, variant in _suggested(space)}
    assert found["rigl"] == METHODS["rigl"].at(0.3, pattern="16x1")
    assert found["gradual_magnitude"] == METHODS["gradual_magnitude"].at(0.3, pattern="16x1")
    assert found["rnnoise"] == METHODS["rnnoise"].at(0.3)


def test_both_families_have_the_pattern_and_what_stays_dense() -> None:
    config = for_task("digits", {"space.pattern": "1x1,16x1", "space.exclude": "decoder"})
    assert {family.name for family in config.each_family} == {"scratch", "dense"}
    for family in config.each_family:
        assert family.space.pattern == ("1x1", "16x1")
        assert family.space.exclude == ("decoder",)
    again = type(config).model_validate(config.model_dump(mode="json"))
    assert again == config
    assert [family.space for family in again.each_family] == [family.space for family in config.each_family]
    own = for_task("digits", {"space.pattern": "16x1", "dense_start.space.pattern": ["1x1"]})
    again = type(own).model_validate(own.model_dump(mode="json"))
    assert {f.name: f.space.grain["pattern"] for f in again.each_family} == {
        "scratch": ("16x1",),
        "dense": ("1x1",),
    }


def test_what_is_tried_before_a_search_does_not_depend_on_its_pattern() -> None:
    preflight(configure("python-docs", None, {"space.pattern": list(PATTERN)}))


def test_a_pattern_that_does_not_fit_is_found_before_the_first_training(tmp_path: Path) -> None:
    from hyperprune import run

    config = for_task("digits", {"space.pattern": "1x1,16x1", "search.candidates": 2})
    with pytest.raises(ConfigurationError, match=r"got 10 rows and 48 columns in decoder\.weight"):
        run(config, tmp_path / "run")
    assert not list((tmp_path / "run").rglob("*.safetensors"))


def test_words_say_the_pattern() -> None:
    variant = PruningVariant(density=0.3, pattern="8x4", keep_diagonal=True, gate_densities=RNNOISE)
    words = choice_words(variant.to_dict())
    assert words.startswith("pattern 8x4, first masks uniform")
    assert "diagonal kept, gates reset 0.3 update 0.2 new 0.5" in words
    assert "pattern" not in choice_words(PruningVariant(density=0.3).to_dict())
    method = METHODS["rnnoise"].at(1 / 3)
    assert choice_words({**method.to_dict(), "method": "rnnoise"}) == "rnnoise"
