import pytest
import torch

from hyperprune.errors import ConfigurationError
from hyperprune.lyapunov import Conventions, Spectrum, compare, distance, distance_interval


def spectrum_of(exponents: torch.Tensor) -> Spectrum:
    owners, counts = torch.ones(exponents.shape[1]).long(), torch.full((len(exponents),), 35)
    return Spectrum(exponents, owners, Conventions(), counts, torch.zeros_like(exponents).long())


def noisy(mean: torch.Tensor, common: torch.Tensor, scale: float, generator: torch.Generator) -> Spectrum:
    noise = torch.randn(common.shape, generator=generator, dtype=torch.float64)
    return spectrum_of(mean + common + scale * noise)


def draw(shape: tuple[int, ...], generator: torch.Generator) -> torch.Tensor:
    return torch.randn(shape, generator=generator, dtype=torch.float64)


@pytest.mark.parametrize("kind", ["l2", "wasserstein"])
@pytest.mark.parametrize("sequences", [8, 20])
def test_intervals_hold_the_true_distance_about_as_often_as_they_say(kind: str, sequences: int) -> None:
    generator, held, trials = torch.Generator().manual_seed(1), 0, 200
    mean, shift = draw((10,), generator), 0.1 * draw((10,), generator)
    true = distance(mean, mean + shift, kind)
    for seed in range(trials):
        common = 0.05 * draw((sequences, 10), generator)
        a, b = (noisy(centre, common, 0.03, generator) for centre in (mean, mean + shift))
        interval = distance_interval(a, b, kind, resamples=300, seed=seed)
        held += interval.low <= true <= interval.high
    # 95 % of 200 with a standard deviation of 1.5 %
    assert 0.90 <= held / trials <= 1.0


def test_correction_takes_out_the_bias_by_noise() -> None:
    generator, trials, sequences, sigma = torch.Generator().manual_seed(1), 300, 10, 0.2
    mean, true = draw((50,), generator), 0.5
    shift = torch.full((50,), true / 50**0.5).double()
    raw, corrected, by_interval = 0.0, 0.0, 0.0
    for seed in range(trials):
        a, b = (noisy(m, torch.zeros(sequences, 50).double(), sigma, generator) for m in (mean, mean + shift))
        raw += distance(a, b) ** 2 / trials
        corrected += distance(a, b, correct_bias=True) ** 2 / trials
        if seed < 50:
            by_interval += distance_interval(a, b, resamples=300).corrected ** 2 / 50
    # both spectra's means have variance sigma^2 / sequences in each of 50 exponents
    assert raw == pytest.approx(true**2 + 50 * 2 * sigma**2 / sequences, rel=0.03)
    assert corrected == pytest.approx(true**2, rel=0.08)
    assert by_interval == pytest.approx(true**2, rel=0.15)


def test_a_clear_difference_is_seen_and_none_is_not() -> None:
    generator = torch.Generator().manual_seed(0)
    mean, common = draw((20,), generator), draw((12, 20), generator)
    reference = noisy(mean, common, 0.02, generator)
    near, far = noisy(mean + 0.05, common, 0.02, generator), noisy(mean + 0.2, common, 0.02, generator)
    found = compare(near, far, reference)
    assert found.distinguishable
    assert found.closer == "a"
    assert compare(far, near, reference).closer == "b"
    assert found.difference == pytest.approx(-0.15 * 20**0.5, rel=0.1)
    alike = compare(near, noisy(mean + 0.05, common, 0.02, generator), reference)
    assert not alike.distinguishable
    assert alike.closer is None


def test_what_sequences_have_in_common_cancels() -> None:
    """The sequences differ by far more than the candidates do; pairing still tells them apart."""
    generator = torch.Generator().manual_seed(0)
    mean, common = draw((20,), generator), 3 * draw((10, 20), generator)
    parts = [noisy(mean + offset, common, 0.01, generator) for offset in (0.05, 0.1, 0.0)]
    assert compare(*parts).closer == "a"
    shuffled = spectrum_of(parts[1].exponents.flip(0))
    assert compare(parts[0], shuffled, parts[2]).high - compare(parts[0], shuffled, parts[2]).low > 1.0


def test_the_same_seed_gives_the_same_interval() -> None:
    a, b = spectrum_of(torch.randn(9, 4).double()), spectrum_of(torch.randn(9, 4).double())
    assert distance_interval(a, b, seed=3) == distance_interval(a, b, seed=3)
    assert distance_interval(a, b, seed=3) != distance_interval(a, b, seed=4)
    assert distance_interval(a, b).distance == distance(a, b)


def test_too_few_or_unequal_sequences_are_refused() -> None:
    few, more, most = (spectrum_of(torch.randn(count, 4).double()) for count in (7, 8, 9))
    with pytest.raises(ConfigurationError, match="at least 8"):
        distance_interval(few, few)
    with pytest.raises(ConfigurationError, match="same sequences"):
        distance_interval(more, most)
    with pytest.raises(ConfigurationError, match="same sequences"):
        compare(more, more, most)
    with pytest.raises(ConfigurationError, match="level"):
        distance_interval(more, more, level=1.0)
    for a, b, kind in ((more, most, "l2"), (more, more, "wasserstein"), ([1.0], [2.0], "l2")):
        with pytest.raises(ConfigurationError, match="correct_bias"):
            distance(a, b, kind, correct_bias=True)
