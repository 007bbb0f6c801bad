"""One whole update, by hand: two matrices of eight weights."""

import torch

from hyperprune.sparsity import DEATH, GROWTH, REDISTRIBUTION, Topology
from hyperprune.sparsity.update import Change, die_and_grow


def _update(topology: Topology, death: str, redistribution: str, signal: dict[str, torch.Tensor]) -> Change:
    return die_and_grow(
        topology,
        DEATH[death],
        GROWTH["gradient"],
        REDISTRIBUTION[redistribution],
        rate=0.5,
        memory={},
        signal=signal,
        generator=torch.Generator(),
    )


def _bits(mask: torch.Tensor) -> str:
    return "".join("1" if bit else "0" for bit in mask)


def test_shares_are_taken_before_death() -> None:
    # 4 of the 8 live weights die: 3 of a's 4, so a would have 1 share of 4 after death; before it, 4 of 8
    weights = {
        "a": torch.tensor([0.1, 0.2, 0.3, 5.0, 0, 0, 0, 0]),
        "b": torch.tensor([0.4, 6.0, 7.0, 8.0, 0, 0, 0, 0]),
    }
    mask = torch.tensor([True] * 4 + [False] * 4)
    gradient = {name: torch.arange(8.0) for name in weights}
    topology = Topology(weights, {"a": mask, "b": mask.clone()}, {"a": 4, "b": 4})
    change = _update(topology, "global_magnitude", "nonzeros", gradient)
    assert change.died == {"a": 3, "b": 1}
    assert change.grew == {"a": 2, "b": 2}
    assert {name: _bits(m) for name, m in change.masks.items()} == {"a": "00010011", "b": "01110011"}
    assert {name: _bits(m) for name, m in change.grown.items()} == {"a": "00000011", "b": "00000011"}
    assert {name: _bits(m) for name, m in topology.masks.items()} == {"a": "11110000", "b": "11110000"}


def test_a_weight_chosen_again_is_as_if_it_had_not_died() -> None:
    # a is full: the two that die in it are all its room
    topology = Topology(
        {"a": torch.tensor([1.0, 2.0, 3.0, 4.0])}, {"a": torch.ones(4, dtype=torch.bool)}, {"a": 4}
    )
    change = _update(topology, "magnitude", "none", {"a": torch.ones(4)})
    assert _bits(change.masks["a"]) == "1111"
    assert _bits(change.grown["a"]) == "0000"  # chosen again, as if they had not died
    assert change.died == change.grew == {"a": 0}


def test_what_does_not_fit_spills() -> None:
    # shares by momentum send all three to a, which is full and has room for its own two deaths only
    topology = Topology(
        {"a": torch.tensor([1.0, 2.0, 3.0, 4.0]), "b": torch.tensor([0.5, 0.5, 0.0, 0.0])},
        {"a": torch.ones(4, dtype=torch.bool), "b": torch.tensor([True, True, False, False])},
        {"a": 4, "b": 2},
        {"a": torch.ones(4), "b": torch.zeros(4)},
    )
    change = _update(topology, "magnitude", "momentum", {"a": torch.ones(4), "b": torch.ones(4)})
    # two deaths in a and one in b: a has room for its own two, the third spills to b's first dead weight
    assert {name: _bits(m) for name, m in change.masks.items()} == {"a": "1111", "b": "1100"}
    assert change.died == change.grew == {"a": 0, "b": 0}


def test_the_threshold_hears_all_that_fell_below_it_also_those_chosen_again() -> None:
    # full matrices: all three that fall are chosen again; 3 of 8 are more than a quarter, so it is halved
    weights = {"a": torch.tensor([0.1, 0.2, 3.0, 4.0]), "b": torch.tensor([0.3, 6.0, 7.0, 8.0])}
    masks = {name: torch.ones(4, dtype=torch.bool) for name in weights}
    change = die_and_grow(
        Topology(weights, masks, {"a": 4, "b": 4}),
        DEATH["threshold"],
        GROWTH["random"],
        REDISTRIBUTION["none"],
        rate=0.25,
        memory={"threshold": 0.5, "tolerance": 0.1},
        signal={},
        generator=torch.Generator(),
    )
    assert change.died == change.grew == {"a": 0, "b": 0}
    assert change.memory == {"threshold": 0.25}
