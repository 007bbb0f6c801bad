"""What every death rule promises, and one case of eight weights each that a person can check by hand."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from hyperprune.sparsity import DEATH, METHODS, Topology, keep_highest


def _topology(weights: dict[str, list[float]], masks: dict[str, str]) -> Topology:
    bits = {
        name: torch.tensor([bit == "1" for bit in mask], dtype=torch.bool) for name, mask in masks.items()
    }
    tensors = {name: torch.tensor(values) * bits[name] for name, values in weights.items()}
    return Topology(tensors, bits, {name: int(mask.sum()) for name, mask in bits.items()})


def _survivors(topology: Topology, rule: str, rate: float, memory: dict[str, float]) -> dict[str, str]:
    deaths = DEATH[rule].deaths(topology, rate, memory)
    kept = {
        name: keep_highest(deaths.scores[name], mask, topology.live[name] - deaths.counts[name])
        for name, mask in topology.masks.items()
    }
    return {name: "".join("1" if bit else "0" for bit in mask) for name, mask in kept.items()}


# rule: weights, masks, death rate, memory, masks of the survivors
HAND = {
    # 6 live, 3 die: 0.1, 0.2, 0.3
    "magnitude": (
        {"a": [0.1, -0.2, 0.3, -0.4, 0.5, -0.6, 9.0, 9.0]},
        {"a": "11111100"},
        0.5,
        {},
        {"a": "00011100"},
    ),
    # 8 live, 4 die: the zero, then 3 for 4 positive and 3 negative, 1.71 to 1.29: two positive, one negative
    "set": (
        {"a": [0.1, 0.2, 0.3, 0.4, -0.5, -0.6, -0.7, 0.0]},
        {"a": "11111111"},
        0.5,
        {},
        {"a": "00110110"},
    ),
    # 8 live, at most 2 * 0.375 * 8 = 6 die: 0.1, 0.2 and 0.3 lie under 0.35
    "threshold": (
        {"a": [0.1, -0.2, 0.3, -0.4], "b": [0.5, -0.6, 0.7, -0.8]},
        {"a": "1111", "b": "1111"},
        0.375,
        {"threshold": 0.35},
        {"a": "0001", "b": "1111"},
    ),
    # 8 live, 4 die: a keeps its last weight though 0.4 is the fourth smallest, so 0.5 of b dies in its place
    "global_magnitude": (
        {"a": [0.1, -0.2, 0.3, -0.4], "b": [0.5, -0.6, 0.7, -0.8]},
        {"a": "1111", "b": "1111"},
        0.5,
        {},
        {"a": "0001", "b": "0111"},
    ),
}


def test_every_rule_has_a_case_by_hand() -> None:
    assert set(HAND) == set(DEATH)


@pytest.mark.parametrize("rule", HAND)
def test_eight_weights_by_hand(rule: str) -> None:
    weights, masks, rate, memory, expected = HAND[rule]
    assert _survivors(_topology(weights, masks), rule, rate, memory) == expected


def test_set_removes_zeros_first_and_no_more_than_the_count() -> None:
    topology = _topology({"a": [0.0, 0.1, 0.0, -0.1, 0.0, 5.0, -5.0, 0.0]}, {"a": "11111111"})
    assert _survivors(topology, "set", 0.25, {}) == {"a": "11110110"}  # the later two of four zeros


def test_set_removes_the_negatives_closest_to_zero() -> None:
    topology = _topology({"a": [-0.1, -0.2, -0.3, -0.4, 0.1, 0.2, 0.3, 0.4]}, {"a": "11111111"})
    assert _survivors(topology, "set", 0.5, {}) == {"a": "00110011"}


@pytest.mark.parametrize(
    ("threshold", "following"),
    [(0.05, 0.1), (0.15, 0.3), (0.25, 0.25), (0.35, 0.175), (5.0, 2.5)],
    ids=["none", "too few", "as many as wanted", "too many", "all"],
)
def test_threshold_doubles_and_halves_for_the_next_update(threshold: float, following: float) -> None:
    topology = _topology({"a": [0.1, -0.2, 0.3, -0.4, 0.5, -0.6, 0.7, 0.8]}, {"a": "11111111"})
    deaths = DEATH["threshold"].deaths(topology, 0.25, {"threshold": threshold})
    assert deaths.memory == {"threshold": following}


@pytest.mark.parametrize(
    ("tolerance", "following"), [(None, 2.0), (0.02, 2.0), (0.1, 1.0)], ids=["default", "0.02", "0.1"]
)
def test_the_tolerance_of_the_threshold_is_an_option(tolerance: float | None, following: float) -> None:
    # 100 live, 20 should die, 18 fall below 1.0: too few by a tolerance of 0.02, as wanted by one of 0.1
    topology = _topology({"a": [0.5] * 18 + [2.0] * 82}, {"a": "1" * 100})
    options = {} if tolerance is None else {"tolerance": tolerance}
    deaths = DEATH["threshold"].deaths(topology, 0.2, {"threshold": 1.0, **options})
    assert deaths.counts == {"a": 18}
    assert deaths.memory == {"threshold": following}
    assert dict(METHODS["dsr"].variant.death_options) == {"tolerance": 0.1}
    assert dict(DEATH["threshold"].options) == {"tolerance": 0.02}


def test_threshold_starts_at_a_thousandth() -> None:
    assert dict(DEATH["threshold"].memory) == {"threshold": 1e-3}


@pytest.mark.parametrize(("rate", "most"), [(0.25, 4), (0.6, 7), (0.99, 7)])
def test_threshold_never_kills_more_than_its_caps(rate: float, most: int) -> None:
    topology = _topology({"a": [0.1, -0.2, 0.3, -0.4, 0.5, -0.6, 0.7, 0.8]}, {"a": "11111111"})
    deaths = DEATH["threshold"].deaths(topology, rate, {"threshold": 5.0})
    assert deaths.counts == {"a": most}  # 2p of 8, then 0.95 of 8 rounded down
    assert _survivors(topology, "threshold", 0.25, {"threshold": 5.0}) == {"a": "00001111"}


def test_threshold_leaves_a_twentieth_alive() -> None:
    topology = _topology({"a": [0.1 + 0.01 * index for index in range(40)]}, {"a": "1" * 40})
    assert DEATH["threshold"].deaths(topology, 0.9, {"threshold": 5.0}).counts == {"a": 38}


def test_threshold_stays_finite_where_it_cannot_kill_enough() -> None:
    topology = _topology({name: [0.1] for name in "abcdefgh"}, dict.fromkeys("abcdefgh", "1"))
    memory = dict(DEATH["threshold"].memory)
    for _ in range(3000):
        deaths = DEATH["threshold"].deaths(topology, 0.5, memory)
        assert sum(deaths.counts.values()) == 0  # each is the last of its matrix
        memory = dict(deaths.memory)
    assert 0 < memory["threshold"] < 1


@st.composite
def _topologies(draw: st.DrawFn) -> Topology:
    weights, masks = {}, {}
    for name in draw(st.lists(st.sampled_from("abcd"), min_size=1, unique=True)):
        size = draw(st.integers(0, 12))
        weights[name] = [draw(st.integers(-2, 2)) / 2 for _ in range(size)]
        masks[name] = "".join(draw(st.sampled_from("01")) for _ in range(size))
    return _topology(weights, masks)


@pytest.mark.parametrize("rule", DEATH)
@given(topology=_topologies(), rate=st.floats(0, 0.9999), exponent=st.integers(-12, 6))
def test_no_rule_kills_the_last_weight_or_a_dead_one(
    rule: str, topology: Topology, rate: float, exponent: int
) -> None:
    before = {name: weight.clone() for name, weight in topology.weights.items()}
    memory = dict.fromkeys(DEATH[rule].memory, 2.0**exponent)
    deaths = DEATH[rule].deaths(topology, rate, memory)
    assert set(deaths.counts) == set(deaths.scores) == set(topology.masks)
    for name, live in topology.live.items():
        assert 0 <= deaths.counts[name] <= max(0, live - 1)
        assert deaths.scores[name].shape == topology.masks[name].shape
        assert torch.equal(topology.weights[name], before[name])  # a rule changes nothing
    assert set(deaths.memory) == set(DEATH[rule].memory)
    if rule in ("magnitude", "set"):
        assert deaths.counts == {name: int(rate * live) for name, live in topology.live.items()}
    if rule == "global_magnitude":
        spare = topology.total - sum(live > 0 for live in topology.live.values())
        assert sum(deaths.counts.values()) == min(int(rate * topology.total), spare)


@pytest.mark.parametrize("rule", DEATH)
def test_a_rate_of_zero_kills_nothing(rule: str) -> None:
    topology = _topology({"a": [0.1, 0.2, 0.3, 0.0]}, {"a": "1111"})
    deaths = DEATH[rule].deaths(topology, 0.0, dict(DEATH[rule].memory))
    assert deaths.counts == {"a": 0}
