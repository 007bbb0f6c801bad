"""What every growth rule promises, and one case of eight weights each."""

import pytest
import torch

from hyperprune.sparsity import GROWTH, keep_highest

SIGNAL = [0.8, -0.1, 0.2, -0.9, 0.3, 0.0, -0.5, 0.4]
DEAD = "01111011"
# rule: number that grows, masks of the grown; of the dead, -0.9, -0.5, 0.4 and 0.3 are largest
HAND = {"gradient": (3, "00010011"), "momentum": (4, "00011011"), "random": (6, "01111011")}


def _mask(bits: str) -> torch.Tensor:
    return torch.tensor([bit == "1" for bit in bits])


def _scores(rule: str, dead: dict[str, torch.Tensor], seed: int = 0) -> dict[str, torch.Tensor]:
    signal = {name: torch.tensor(SIGNAL).expand_as(mask) for name, mask in dead.items()}
    given = signal if GROWTH[rule].needs != "nothing" else {}
    return GROWTH[rule].scores(dead, given, torch.Generator().manual_seed(seed))


def test_every_rule_has_a_case_by_hand() -> None:
    assert set(HAND) == set(GROWTH)


@pytest.mark.parametrize("rule", HAND)
def test_eight_weights_by_hand(rule: str) -> None:
    count, expected = HAND[rule]
    dead = _mask(DEAD)
    assert torch.equal(keep_highest(_scores(rule, {"a": dead})["a"], dead, count), _mask(expected))


@pytest.mark.parametrize("rule", GROWTH)
def test_scores_fit_the_masks_and_depend_on_the_generator_alone(rule: str) -> None:
    dead = {
        "a": _mask(DEAD),
        "b": torch.ones(3, 8, dtype=torch.bool),
        "c": torch.zeros(0, 8, dtype=torch.bool),
    }
    first, second = _scores(rule, dead), _scores(rule, dead)
    for name, mask in dead.items():
        assert first[name].shape == mask.shape
        assert torch.equal(first[name], second[name])


def test_random_growth_is_uniform_among_the_dead() -> None:
    dead = _mask(DEAD)
    generator = torch.Generator().manual_seed(1)
    hits = torch.zeros(8)
    for _ in range(3000):
        hits += keep_highest(GROWTH["random"].scores({"a": dead}, {}, generator)["a"], dead, 2)
    expected = 3000 * 2 / 6
    # binomial: 5 standard deviations of a count of 3000 draws of probability 1/3
    assert torch.all((hits[dead] - expected).abs() < 5 * (3000 * (1 / 3) * (2 / 3)) ** 0.5)
    assert not hits[~dead].any()


def test_random_scores_hold_no_ties_in_a_large_matrix() -> None:
    dead = torch.ones(3000, 3000, dtype=torch.bool)
    scores = GROWTH["random"].scores({"a": dead}, {}, torch.Generator().manual_seed(0))["a"]
    assert scores.unique().numel() == scores.numel()  # float32 would tie thousands of times


def test_the_generator_advances_by_shapes_alone() -> None:
    states = []
    for bits in ("00000001", "11111111"):
        generator = torch.Generator().manual_seed(0)
        GROWTH["random"].scores({"a": _mask(bits)}, {}, generator)
        states.append(generator.get_state())
    assert torch.equal(*states)
