import pytest
import torch
from torch import nn

from hyperprune.errors import ConfigurationError
from hyperprune.sparsity.counts.initial import initial_counts
from hyperprune.sparsity.parameters.prunable import Prunable, find_prunable


def _matrices(**shapes: tuple[int, ...]) -> Prunable:
    return find_prunable(nn.ParameterDict({n: nn.Parameter(torch.zeros(s)) for n, s in shapes.items()}))


def test_uniform_gives_every_matrix_the_same_density() -> None:
    assert initial_counts(_matrices(a=(2, 4), b=(4, 4)), "uniform", 0.25) == {"a": 2, "b": 4}


def test_uniform_totals_are_exact_and_ties_go_by_name() -> None:
    # 16 weights, 4 live in all: quotas 0.75, 1.25, 2, and the rest goes to the remainder .75
    assert initial_counts(_matrices(c=(1, 3), b=(1, 5), a=(2, 4)), "uniform", 0.25) == {
        "c": 1,
        "b": 1,
        "a": 2,
    }


def test_er_is_proportional_to_rows_plus_columns() -> None:
    # 2 x 8 and 4 x 4: 10 to 8 parts of 18
    assert initial_counts(_matrices(a=(2, 8), b=(4, 4)), "er", 18 / 32) == {"a": 10, "b": 8}


def test_er_counts_all_dimensions_of_a_kernel() -> None:
    assert initial_counts(_matrices(a=(2, 3, 5), b=(5, 5)), "er", 20 / 55) == {"a": 10, "b": 10}


def test_er_caps_a_small_matrix_and_scales_the_others() -> None:
    # sums 4, 20, 20: at 64 live weights a would get 5.8 of its 4
    assert initial_counts(_matrices(a=(2, 2), b=(10, 10), c=(10, 10)), "er", 64 / 204) == {
        "a": 4,
        "b": 30,
        "c": 30,
    }


def test_rows_are_as_stored_for_an_lstm() -> None:
    counts = initial_counts(find_prunable(nn.LSTM(8, 4)), "er", 0.25)
    assert counts == {"weight_ih_l0": 26, "weight_hh_l0": 22}  # 48 live, 16 + 8 to 16 + 4


def test_a_given_density_is_kept_and_the_others_share_the_rest() -> None:
    counts = initial_counts(_matrices(a=(4, 4), b=(4, 4), c=(4, 4)), "uniform", 0.5, [("a", 1.0)])
    assert counts == {"a": 16, "b": 4, "c": 4}


def test_the_first_matching_pattern_gives_the_density() -> None:
    counts = initial_counts(_matrices(a=(4, 4), b=(4, 4)), "uniform", 0.5, [("a", 0.25), ("*", 0.75)])
    assert counts == {"a": 4, "b": 12}


@pytest.mark.parametrize(
    ("density", "densities", "message"),
    [
        (0.01, [], "at least one weight must live"),
        (0.1, [("a", 1.0)], "densities that take 16"),
        (0.9, [("a", 0.1)], "leave 27 to matrices of 16 weights"),
        (0.5, [("nowhere", 0.1)], "names no prunable matrix"),
    ],
)
def test_impossible_densities_are_refused(
    density: float, densities: list[tuple[str, float]], message: str
) -> None:
    with pytest.raises(ConfigurationError, match=message):
        initial_counts(_matrices(a=(4, 4), b=(4, 4)), "uniform", density, densities)


def test_a_matrix_without_weights_gets_none() -> None:
    assert initial_counts(_matrices(a=(0, 4), b=(4, 4)), "er", 0.5) == {"a": 0, "b": 8}
