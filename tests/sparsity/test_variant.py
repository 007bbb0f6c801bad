import json

import pytest

from hyperprune.errors import ConfigurationError, UnknownNameError
from hyperprune.papers import EVCI_2020, LIU_2021, MOCANU_2018, MOSTAFA_WANG_2019, ZHU_GUPTA_2017
from hyperprune.sparsity import (
    DEATH,
    GROWTH,
    METHODS,
    REDISTRIBUTION,
    SPARSE_INIT,
    PruningVariant,
    citations,
)

GRADUAL = {"density_schedule": "gradual", "death_rate": 0.0}


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"density": 0.0}, r"a density must lie in \(0, 1\], got 0.0 for density"),
        ({"density": 1.5}, "got 1.5 for density"),
        ({"density": float("nan")}, "got nan for density"),
        ({"densities": (("a", 2.0),)}, "got 2.0 for a"),
        ({"death_rate": 1.0}, r"death_rate must lie in \[0, 1\), got 1.0: give a fraction"),
        ({"death_rate": -0.1}, "got -0.1"),
        ({"update_interval": 0}, 'must be "epoch", a number of steps from 1, or None, got 0'),
        ({"update_interval": "daily"}, "got 'daily'"),
        ({"update_interval": True}, "got True"),
        ({"exclude": "encoder"}, "exclude must be a list of patterns, got the string 'encoder'"),
        (GRADUAL | {"schedule_span": (0.5, 0.2)}, "0 <= begin <= end < 1"),
        (GRADUAL | {"death_rate": 0.5}, "only removes weights"),
        (GRADUAL | {"update_until": 0.5}, "got death_rate 0.0, update_until 0.5"),
        (GRADUAL | {"growth": "gradient"}, "got death_rate 0.0, growth 'gradient'"),
        (GRADUAL | {"death": "threshold"}, "cannot follow .* choose one of global_magnitude, magnitude"),
        (GRADUAL | {"death": "global_magnitude", "sparse_init": "er"}, "finds each matrix's count itself"),
        (GRADUAL | {"death": "global_magnitude", "criterion": "taylor"}, "count itself, got criterion"),
        (GRADUAL | {"weight_scale": "fan_in"}, "begins with all weights"),
        (GRADUAL | {"density_schedule": "one_shot", "schedule_span": (0.1, 0.5)}, "falls at one moment"),
        ({"schedule_span": (0.0, 0.5)}, "'constant' has no span"),
        ({"death_options": {"tolerance": 0.1}}, "'magnitude' has no 'tolerance': it has none"),
        ({"death": "threshold", "death_options": {"tol": 0.1}}, "it has tolerance"),
        ({"death": "threshold", "death_options": {"tolerance": 1.0}}, "got 1.0 for tolerance"),
        ({"update_until": 0.0}, "update_until must lie in"),
        ({"criterion": "magnitude", "weight_scale": "fan_in"}, "is for fresh weights"),
        ({"criterion": "global_magnitude", "sparse_init": "er"}, "finds each matrix's count itself"),
        ({"density_factors": {"a": 0.0}}, "a density factor must be above 0"),
    ],
)
def test_an_impossible_variant_cannot_be_made(values: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        PruningVariant(**({"density": 0.5} | values))


@pytest.mark.parametrize(
    "field",
    [
        "sparse_init",
        "death",
        "growth",
        "redistribution",
        "decay",
        "density_schedule",
        "weight_scale",
        "criterion",
    ],
)
def test_an_unknown_rule_lists_the_known_ones(field: str) -> None:
    with pytest.raises(UnknownNameError, match="'nonsense': choose one of"):
        PruningVariant(density=0.5, **{field: "nonsense"})


def test_growth_none_is_for_stored_schedules_alone() -> None:
    with pytest.raises(UnknownNameError, match="unknown growth rule 'none'"):
        PruningVariant(density=0.5, growth="none")
    with pytest.raises(UnknownNameError, match="unknown growth rule 'none'"):
        PruningVariant.from_dict({"density": 0.5, "growth": "none", "ramp": None})


def test_the_registries_list_the_rules_of_the_field() -> None:
    assert list(SPARSE_INIT) == ["er", "uniform"]
    assert list(DEATH) == ["global_magnitude", "magnitude", "set", "threshold"]
    assert list(GROWTH) == ["gradient", "momentum", "random"]
    assert list(REDISTRIBUTION) == ["magnitude", "momentum", "none", "nonzeros"]


@pytest.mark.parametrize("method", METHODS)
def test_a_variant_survives_json(method: str) -> None:
    variant = METHODS[method].at(0.2, exclude=["decoder"], densities=[("encoder", 0.5)])
    assert PruningVariant.from_dict(json.loads(json.dumps(variant.to_dict()))) == variant


def test_densities_may_come_as_a_table() -> None:
    table = PruningVariant.from_dict({"density": 0.5, "densities": {"encoder": 1.0}})
    assert table.densities == (("encoder", 1.0),)


def test_an_unknown_or_missing_field_is_refused() -> None:
    with pytest.raises(
        ConfigurationError, match="unknown field 'sparsity' of a variant: choose among density"
    ):
        PruningVariant.from_dict({"density": 0.5, "sparsity": 0.5})
    with pytest.raises(ConfigurationError, match="a variant needs a density"):
        PruningVariant.from_dict({"death": "set"})


def test_equal_keys_are_equal_networks() -> None:
    static = PruningVariant(density=0.5, death_rate=0.0, death="set", growth="gradient", decay="linear")
    assert static.key() == PruningVariant(density=0.5, death_rate=0, update_interval=7).key()
    assert static.key() != PruningVariant(density=0.5, death_rate=0, sparse_init="er").key()
    one = PruningVariant(density=0.5, exclude=["b", "a", "b"])
    assert one.key() == PruningVariant(density=0.5, exclude=("a", "b")).key()
    assert one.key() != PruningVariant(density=0.5).key()
    assert one.canonical().canonical() == one.canonical()


@pytest.mark.parametrize("method", METHODS)
def test_every_method_cites_its_paper(method: str) -> None:
    papers = citations(method)
    assert set(METHODS[method].papers) <= set(papers)
    assert papers == sorted(set(papers), key=lambda paper: (paper.year, paper.key))
    assert all(str(paper).endswith(paper.url) for paper in papers)


def test_a_variant_cites_the_rules_that_act() -> None:
    assert MOSTAFA_WANG_2019 in citations(PruningVariant(density=0.5, redistribution="nonzeros"))
    assert EVCI_2020 in citations(PruningVariant(density=0.5, growth="gradient"))
    assert citations(PruningVariant(density=0.5, death="threshold", death_rate=0)) == []  # static: none acts
    assert ZHU_GUPTA_2017 in citations("gradual_magnitude")
    assert LIU_2021 in citations("selfish_rnn")
    assert MOCANU_2018 in citations("set")
    with pytest.raises(UnknownNameError, match="unknown method 'rigle': choose one of"):
        citations("rigle")


# written by the first version; they name job folders and seed masks, so they must never change
KEYS = {
    """{"death":"magnitude","death_rate":0.5,"decay":"cosine","densities":[],"density":0.33,"exclude":[],\
"growth":"random","ramp":null,"redistribution":"none","share_budget":[],"sparse_init":"uniform",\
"update_interval":"epoch"}""": PruningVariant(density=0.33),
    """{"death":"global_magnitude","death_rate":0.7,"decay":"cosine","densities":[],"density":0.33,"exclude":[],\
"growth":"random","ramp":null,"redistribution":"nonzeros","share_budget":[],"sparse_init":"er",\
"update_interval":"epoch"}""": PruningVariant(
        density=0.33,
        sparse_init="er",
        death="global_magnitude",
        redistribution="nonzeros",
        death_rate=0.7,
    ),
    """{"death":"magnitude","death_rate":0.0,"decay":"cosine","densities":[],"density":0.5,"exclude":["a","b"],\
"growth":"random","ramp":null,"redistribution":"none","share_budget":[],"sparse_init":"uniform",\
"update_interval":null}""": PruningVariant(density=0.5, death_rate=0, death="set", exclude=("b", "a")),
    """{"death":"threshold","death_rate":0.5,"decay":"linear","densities":[["out",0.5]],"density":0.1,\
"exclude":[],"growth":"gradient","ramp":null,"redistribution":"none","share_budget":[["a","b"]],\
"sparse_init":"uniform","update_interval":100}""": PruningVariant(
        density=0.1,
        death="threshold",
        growth="gradient",
        update_interval=100,
        densities=(("out", 0.5),),
        share_budget=(("a", "b"),),
        decay="linear",
    ),
    """{"death":"magnitude","death_rate":0.0,"decay":"cosine","densities":[],"density":0.25,"exclude":[],\
"growth":"none","ramp":[0.0,0.75],"redistribution":"none","share_budget":[],"sparse_init":"uniform",\
"update_interval":100}""": METHODS["gradual_magnitude"].at(0.25),
    """{"death":"magnitude","death_rate":0.0,"decay":"cosine","densities":[],"density":0.25,"exclude":[],\
"growth":"none","ramp":[0.5,0.5],"redistribution":"none","share_budget":[],"sparse_init":"uniform",\
"update_interval":1}""": METHODS["one_shot_magnitude"].at(0.25),
}


@pytest.mark.parametrize("key", KEYS)
def test_keys_are_what_they_were_in_the_first_version(key: str) -> None:
    variant = KEYS[key]
    assert variant.key() == key
    assert PruningVariant.from_dict(json.loads(key)).key() == key  # a stored one opens as the same network
    assert PruningVariant.from_dict(json.loads(key)).canonical() == variant.canonical()


def test_weight_scale_has_its_own_key_and_the_same_masks() -> None:
    dense, scaled = PruningVariant(density=0.5), PruningVariant(density=0.5, weight_scale="fan_in")
    assert dense.key() != scaled.key()
    assert dense.mask_key() == scaled.mask_key() == dense.key()


def test_fields_at_their_default_stay_out_of_the_record() -> None:
    assert set(PruningVariant(density=0.5).to_dict()) == {
        "density",
        "sparse_init",
        "death",
        "growth",
        "redistribution",
        "death_rate",
        "decay",
        "update_interval",
        "exclude",
        "densities",
        "share_budget",
    }
    default = PruningVariant(density=0.5, death="threshold", death_options={"tolerance": 0.02})
    assert default.key() == PruningVariant(density=0.5, death="threshold").key()
