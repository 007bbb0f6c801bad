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
        ({"ramp": (0.5, 0.2), "growth": "none", "death_rate": 0}, "0 <= begin <= end < 1"),
        ({"ramp": (0.0, 0.5)}, "a ramp only removes weights"),
        (
            {"ramp": (0.0, 0.5), "growth": "none", "death_rate": 0, "death": "threshold"},
            "a ramp's death must be 'magnitude' or 'global_magnitude', got 'threshold'",
        ),
        (
            {
                "ramp": (0.0, 0.5),
                "growth": "none",
                "death_rate": 0,
                "death": "global_magnitude",
                "sparse_init": "er",
            },
            "finds each matrix's count itself",
        ),
    ],
)
def test_an_impossible_variant_cannot_be_made(values: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        PruningVariant(**({"density": 0.5} | values))


@pytest.mark.parametrize("field", ["sparse_init", "death", "growth", "redistribution", "decay"])
def test_an_unknown_rule_lists_the_known_ones(field: str) -> None:
    with pytest.raises(UnknownNameError, match="'nonsense': choose one of"):
        PruningVariant(density=0.5, **{field: "nonsense"})


def test_growth_none_is_for_ramps_alone() -> None:
    with pytest.raises(UnknownNameError, match="unknown growth rule 'none'"):
        PruningVariant(density=0.5, growth="none")


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
