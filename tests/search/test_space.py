import optuna
import pytest
from pydantic import ValidationError

from hyperprune.errors import ConfigurationError
from hyperprune.models import MODELS
from hyperprune.search import SpaceConfig, configure, papers
from hyperprune.search.space.ranges import ExponentRange
from hyperprune.sparsity import DEATH, DECAY, GROWTH, METHODS, REDISTRIBUTION, SPARSE_INIT

EVERYTHING = SpaceConfig(
    sparse_init=tuple(SPARSE_INIT),
    growth=tuple(GROWTH),
    death=tuple(DEATH),
    redistribution=tuple(REDISTRIBUTION),
    decay=tuple(DECAY),
    update_interval=("epoch", 100),
    method=("rules", *METHODS),
)


def _suggestions(space: SpaceConfig, count: int) -> list[dict[str, object]]:
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=1))
    found = []
    for _ in range(count):
        trial = study.ask()
        space.suggest(trial)
        found.append(trial.params)
        study.tell(trial, 0.0)
    return found


def test_default_is_the_space_of_the_paper() -> None:
    params = _suggestions(SpaceConfig(), 60)
    assert {p["growth"] for p in params} == {"random"}
    assert {p["death"] for p in params} == {"magnitude", "set", "threshold", "global_magnitude"}
    assert {p["redistribution"] for p in params} == {"magnitude", "nonzeros", "none"}
    assert {p["death_rate"] for p in params} == {0.4, 0.5, 0.6, 0.7, 0.8, 0.9}


def test_every_rule_and_method_can_be_suggested() -> None:
    params = _suggestions(EVERYTHING, 400)
    assert {p["method"] for p in params} == {"rules", *METHODS}
    for name, registry in (("growth", GROWTH), ("death", DEATH), ("redistribution", REDISTRIBUTION)):
        assert {p[name] for p in params if name in p} == set(registry)
    for chosen in params:
        variant = EVERYTHING.variant(chosen, 0.2)
        assert variant.density == 0.2
        if chosen["method"] != "rules":
            assert variant == METHODS[str(chosen["method"])].at(0.2)
            assert set(chosen) == {"method"}


def test_continuous_death_rate() -> None:
    space = SpaceConfig.model_validate({"death_rate": {"low": 0.2, "high": 0.6}})
    rates = [float(str(p["death_rate"])) for p in _suggestions(space, 50)]
    assert all(0.2 <= rate <= 0.6 for rate in rates)
    assert len(set(rates)) == 50


def test_patterns_hold_for_every_variant() -> None:
    space = SpaceConfig.model_validate({"exclude": ["embedding.*"], "densities": {"decoder.*": 0.5}})
    for variant in space.examples(0.3):
        assert variant.exclude == ("embedding.*",)
        assert variant.densities == (("decoder.*", 0.5),)


@pytest.mark.parametrize("values", [{"space.growth": ["momentum"]}, {"space.method": ["rules", "snfs"]}])
def test_rules_that_need_momentum_are_refused_before_training(values: dict[str, object]) -> None:
    with pytest.raises(ConfigurationError, match="momentum"):
        configure("python-docs", None, values)
    configure("python-docs", None, {**values, "recipe.momentum": 0.9})


def test_papers_follow_the_rules() -> None:
    plain = {paper.key for paper in papers(configure("python-docs"))}
    assert {"zheng2025", "benettin1980", "bergstra2011"} <= plain
    assert "zhu2017" not in plain
    ramp = configure("python-docs", None, {"space.method": ["gradual_magnitude"]})
    assert "zhu2017" in {paper.key for paper in papers(ramp)}
    averaged = configure("python-docs", None, {"recipe.optimizer": "snt-asgd"})
    assert {"merity2018", "liu2021"} <= {paper.key for paper in papers(averaged)}


def test_papers_follow_the_network() -> None:
    for kind in MODELS:
        cited = papers(configure("python-docs", None, {"model.kind": kind}))
        assert MODELS[kind].papers
        assert set(MODELS[kind].papers) <= set(cited)
        assert ("hochreiter1997" in {paper.key for paper in cited}) == ("lstm" in kind and kind != "on-lstm")


def test_papers_follow_the_penalties() -> None:
    assert "merity2017" in {paper.key for paper in papers(configure("wt2-mos"))}
    assert "merity2017" not in {paper.key for paper in papers(configure("python-docs"))}


ALL_AT_ONCE_TOO = SpaceConfig(
    criterion=("magnitude", "taylor"),
    density_schedule=("constant", "gradual"),
    death_rate=(0.0, 0.2),
    density_factor=ExponentRange(),
)


def test_what_dies_gradually_has_no_choices_of_growth() -> None:
    """The named method would leave out criterion and density factors; this keeps both."""
    found = _suggestions(ALL_AT_ONCE_TOO, 60)
    ramps = [params for params in found if params["density_schedule"] == "gradual"]
    assert 10 < len(ramps) < 50
    for params in ramps:
        assert set(params) == {"density_schedule", "sparse_init", "criterion", "density_factor:*"}
        variant = ALL_AT_ONCE_TOO.variant({**params, "density_factor:decoder": 1.0}, 0.2)
        assert (variant.density_schedule, variant.criterion) == ("gradual", params["criterion"])
        assert (variant.death_rate, variant.death, variant.update_interval) == (0.0, "magnitude", 100)
        assert variant.density_factors == (("decoder", 2.0),)
    assert any(params.get("death_rate") == 0.2 for params in found)


def test_a_space_of_gradual_pruning_alone_asks_for_nothing_else() -> None:
    space = SpaceConfig(
        density_schedule=("gradual",), weight_scale=("fan_in", "dense"), pattern=("1x1", "units")
    )
    found = _suggestions(space, 20)
    assert {name for params in found for name in params} == {"sparse_init", "pattern"}
    variants = [space.variant(params, 0.2) for params in found]
    assert {variant.pattern for variant in variants} == {"1x1", "units"}
    assert {(v.density_schedule, v.weight_scale, v.death_rate) for v in variants} == {
        ("gradual", "dense", 0.0)
    }


def test_a_named_method_keeps_its_own_schedule() -> None:
    space = SpaceConfig(
        density_schedule=("constant", "gradual"), method=("rules", "rigl", "gradual_magnitude")
    )
    for params in _suggestions(space, 40):
        if params["method"] != "rules":
            assert set(params) == {"method"}
            assert space.variant(params, 0.2) == METHODS[str(params["method"])].at(0.2)


def test_a_space_without_gradual_pruning_is_written_as_before() -> None:
    assert "density_schedule" not in SpaceConfig().model_dump()
    with pytest.raises(ValidationError, match="did you mean one_shot"):
        SpaceConfig(density_schedule=("one_schot",))
