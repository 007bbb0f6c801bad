import pytest

from hyperprune.errors import ConfigurationError
from hyperprune.sparsity import density_from_sparsity
from hyperprune.sparsity.counts.density import death_count, live_total


@pytest.mark.parametrize(("sparsity", "density"), [(0.67, 0.33), (0.0, 1.0), (0.9, 0.1), (0.528, 0.472)])
def test_density_is_the_decimal_complement(sparsity: float, density: float) -> None:
    assert density_from_sparsity(sparsity) == density


@pytest.mark.parametrize("sparsity", [-0.1, 1.0, float("nan")])
def test_a_sparsity_outside_its_range_is_refused(sparsity: float) -> None:
    with pytest.raises(ConfigurationError, match=r"sparsity must lie in \[0, 1\), got"):
        density_from_sparsity(sparsity)


def test_live_total_rounds_half_up() -> None:
    assert [live_total(0.5, n) for n in (0, 1, 2, 3, 5)] == [0, 1, 1, 2, 3]


def test_death_count_rounds_down() -> None:
    assert [death_count(0.5, n) for n in (0, 1, 2, 3, 5)] == [0, 0, 1, 1, 2]
    assert death_count(0.999, 1) == 0


def test_counts_take_fractions_as_the_decimals_that_they_are_written_as() -> None:
    assert live_total(0.575, 100) == 58  # 0.575 * 100 is 57.49999999999999 in floats
    assert death_count(0.7, 90) == 63  # and 0.7 * 90 is 62.99999999999999
    for hundredths in range(1, 100):
        assert death_count(hundredths / 100, 1000) == 10 * hundredths
        assert live_total(hundredths / 100, 50) == (hundredths + 1) // 2
