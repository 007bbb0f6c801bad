"""Windows of random length: they use the text up, keep their bounds and depend on their generator alone."""

import pytest
import torch

from hyperprune.seeding import generator
from hyperprune.tasks.text.window_lengths import fixed_lengths, random_lengths, windows_expected


@pytest.mark.parametrize("total", [1, 5, 69, 70, 71, 1000])
@pytest.mark.parametrize("bptt", [1, 20, 70])
def test_lengths_use_the_text_up(total: int, bptt: int) -> None:
    assert sum(fixed_lengths(total, bptt)) == total
    lengths = list(random_lengths(total, bptt, torch.Generator().manual_seed(0)))
    assert sum(lengths) == total
    assert all(1 <= length <= bptt + 20 for length in lengths)
    assert all(length >= 5 for length in lengths[:-1])


def test_lengths_are_the_published_ones() -> None:
    """Normal around 70 in 95 of 100, around 35 in the rest; bounds are three standard deviations."""
    lengths = torch.tensor(list(random_lengths(700_000, 70, generator(0, "windows", 1)))[:-1]).double()
    half = lengths < 52  # as far from either mean as 3.5 spreads
    share = 0.05 + torch.tensor([-3.0, 3.0]) * (0.05 * 0.95 / len(lengths)) ** 0.5
    assert share[0] < half.double().mean() < share[1]
    assert abs(float(lengths[~half].mean()) - 69.5) < 3 * 5 / len(lengths) ** 0.5  # cut, not rounded
    assert abs(float(lengths[~half].std()) - 5) < 0.15
    assert abs(float(lengths[half].mean()) - 34.5) < 3 * 5 / int(half.sum()) ** 0.5
    assert len(lengths) == pytest.approx(windows_expected(700_000, 70, random=True), rel=0.02)


def test_an_epoch_has_lengths_of_its_own() -> None:
    first, again, second = (list(random_lengths(5000, 70, generator(3, "windows", e))) for e in (1, 1, 2))
    assert first == again
    assert first != second


def test_expected_windows_of_a_fixed_length_are_exact() -> None:
    for total in (1, 69, 70, 71):
        assert windows_expected(total, 70, random=False) == len(list(fixed_lengths(total, 70)))
