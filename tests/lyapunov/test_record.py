import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from hyperprune import lyapunov
from hyperprune.errors import ConfigurationError
from hyperprune.lyapunov import Conventions, Spectrum, SpectrumFileError, distance
from hyperprune.lyapunov.storage import write_spectrum


def spectrum_of(rows: list[list[float]], layer: list[int] | None = None, **conventions: object) -> Spectrum:
    exponents = torch.tensor(rows, dtype=torch.float64)
    owners = torch.tensor(layer or [1] * exponents.shape[1])
    counts = torch.full((len(exponents),), 35)
    return Spectrum(exponents, owners, Conventions(**conventions), counts, torch.zeros_like(exponents).long())


def test_mean_and_spread_over_sequences() -> None:
    spectrum = spectrum_of([[0.5, -1.0], [1.5, -3.0]])
    assert spectrum.mean.tolist() == [1.0, -2.0]
    assert spectrum.std.tolist() == pytest.approx([math.sqrt(0.5), math.sqrt(2.0)])
    assert spectrum.largest == 1.0
    assert spectrum.entropy == 1.0
    assert spectrum_of([[0.5]]).std.isnan().all()


@pytest.mark.parametrize(
    ("exponents", "dimension"),
    [([0.9, 0.0, -14.5], 2 + 0.9 / 14.5), ([-1.0, -2.0], 0.0), ([0.5, -0.25], 2.0), ([-2.0, 1.0], 1.5)],
)
def test_kaplan_yorke_dimension(exponents: list[float], dimension: float) -> None:
    assert spectrum_of([exponents]).kaplan_yorke_dimension == pytest.approx(dimension)


def test_kaplan_yorke_needs_enough_exponents() -> None:
    with pytest.raises(ConfigurationError, match="larger k"):
        _ = spectrum_of([[0.5, 0.1]], k=2).kaplan_yorke_dimension


def test_units_convert() -> None:
    bits = spectrum_of([[1.0, -2.0]], log_base=2.0)
    assert bits.unit == "bits/step"
    assert bits.in_nats().unit == "nats/step"
    assert bits.in_nats().mean.tolist() == pytest.approx([math.log(2), -2 * math.log(2)])
    assert spectrum_of([[1.0]], log_base=10.0).unit == "log10/step"


def test_leading_takes_the_first_columns_of_each_layer() -> None:
    spectrum = spectrum_of([[1.0, 2.0, 3.0, 4.0, 5.0]], layer=[1, 1, 1, 2, 2])
    assert spectrum.leading(2).mean.tolist() == [1.0, 2.0, 4.0, 5.0]
    assert spectrum.leading(1).layer.tolist() == [1, 2]


def test_file_gives_back_what_was_saved(tmp_path: Path) -> None:
    found = lyapunov.spectrum(nn.LSTM(3, 5, 2), torch.randn(20, 2, 3), k=3, running=True, log_base=2)
    found.save(tmp_path / "a.safetensors")
    again = Spectrum.load(tmp_path / "a.safetensors")
    assert again.conventions == found.conventions
    for name in ("exponents", "layer", "counts", "clamped", "running"):
        assert torch.equal(getattr(again, name), getattr(found, name)), name
    again.save(tmp_path / "b.safetensors")
    assert (tmp_path / "a.safetensors").read_bytes() == (tmp_path / "b.safetensors").read_bytes()


@pytest.mark.parametrize(
    ("name", "numbers"),
    [
        ("layer", torch.tensor([1, 2**33])),
        ("layer", torch.tensor([0, 1])),
        ("layer", torch.tensor([1, -1])),
        ("layer", torch.tensor([1.0, 1.0])),
        ("layer", torch.tensor([1])),
        ("counts", torch.tensor(35)),
        ("clamped", torch.zeros(2, dtype=torch.int64)),
        ("exponents", torch.zeros(1, 2)),
        ("exponents", torch.zeros(0, 2, dtype=torch.float64)),
        ("running", torch.zeros(4, 1, 3)),
    ],
)
def test_a_small_file_with_a_huge_layer_takes_no_memory(tmp_path: Path, name: str, numbers: Tensor) -> None:
    """Whole by its hash, and no spectrum: 1.2 kB with an exponent of layer 2**33 took 24 GB to draw."""
    good = spectrum_of([[1.0, 2.0]])
    record = {part: getattr(good, part) for part in ("exponents", "layer", "counts", "clamped")}
    write_spectrum(tmp_path / "a.safetensors", good.conventions, {**record, name: numbers})
    with pytest.raises(SpectrumFileError, match="save the spectrum again"):
        Spectrum.load(tmp_path / "a.safetensors")


def test_a_changed_convention_is_noticed(tmp_path: Path) -> None:
    """Only the numbers were hashed: a file of bits could say that it holds nats."""
    path = tmp_path / "a.safetensors"
    spectrum_of([[1.0, 2.0]], log_base=2.0).save(path)
    whole = path.read_bytes()
    assert b'log_base\\": 2.0' in whole
    path.write_bytes(whole.replace(b'log_base\\": 2.0', b'log_base\\": 3.0'))
    with pytest.raises(SpectrumFileError, match="save"):
        Spectrum.load(path)


def test_damaged_and_foreign_files_are_refused(tmp_path: Path) -> None:
    from safetensors.torch import save_file

    path = tmp_path / "a.safetensors"
    spectrum_of([[1.0, 2.0]]).save(path)
    whole = path.read_bytes()
    for name, content in {
        "cut": whole[:-3],
        "flipped": whole[:-1] + bytes([whole[-1] ^ 64]),
        "empty": b"",
        "text": b"not a spectrum at all",
    }.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(SpectrumFileError, match="save"):
            Spectrum.load(tmp_path / name)
    save_file({"exponents": torch.zeros(1, 2)}, tmp_path / "foreign")
    for name in ("foreign", "missing"):
        with pytest.raises(SpectrumFileError, match=r"Spectrum\.save"):
            Spectrum.load(tmp_path / name)


def test_plots_draw_every_layer_and_the_convergence(tmp_path: Path) -> None:
    found = lyapunov.spectrum(nn.LSTM(3, 5, 2), torch.randn(20, 2, 3), state="hidden", running=True)
    axes = found.plot()
    assert [line.get_label() for line in axes.get_lines()][:2] == ["layer 1", "layer 2"]
    assert "nats/step" in axes.get_ylabel()
    assert len(found.plot_running().get_lines()) == 10
    with pytest.raises(ConfigurationError, match="running=True"):
        spectrum_of([[1.0]]).plot_running()


def test_l2_by_hand_in_nats_whatever_the_units() -> None:
    a, b = spectrum_of([[3.0, 0.0], [1.0, 0.0]]), spectrum_of([[-1.0, 4.0]])
    assert distance(a, b) == pytest.approx(5.0)
    bits = spectrum_of([[-1.0 / math.log(2), 4.0 / math.log(2)]], log_base=2.0)
    assert distance(a, bits) == pytest.approx(5.0)
    assert distance([0.0, 3.0], torch.tensor([4.0, 0.0])) == pytest.approx(5.0)


def test_wasserstein_by_hand() -> None:
    assert distance([3.0, 1.0], [2.0, 2.0], "wasserstein") == pytest.approx(1.0)
    # quantiles of {0, 2} and {0, 3, 3}: differences 0, 3, 1, 1 on 1/3, 1/6, 1/6, 1/3 with 2 at 1/2
    expected = math.sqrt((1 / 3) * 0 + (1 / 6) * 9 + (1 / 6) * 1 + (1 / 3) * 1)
    assert distance([2.0, 0.0], [3.0, 0.0, 3.0], "wasserstein") == pytest.approx(expected)


def test_wasserstein_of_equal_sizes_is_l2_of_sorted_means_over_root_n() -> None:
    a, b = torch.randn(9).double(), torch.randn(9).double()
    sorted_l2 = distance(a.sort().values, b.sort().values)
    assert distance(a, b, "wasserstein") == pytest.approx(sorted_l2 / 3)


def test_distance_of_leading_columns_only() -> None:
    a, b = spectrum_of([[1.0, 9.0, 5.0]], layer=[1, 1, 2]), spectrum_of([[4.0, 0.0, 1.0]], layer=[1, 1, 2])
    assert distance(a, b, k=1) == pytest.approx(5.0)
    assert distance([1.0, 9.0], [4.0, 0.0], k=1) == pytest.approx(3.0)
    assert distance(a.leading(1), b, k=1) == pytest.approx(5.0)
    assert a.leading(1).leading(2).conventions.k == 1


@pytest.mark.parametrize(
    "other", [{"state": "hidden"}, {"direction": "adjoint"}, {"k": 2}], ids=["state", "direction", "k"]
)
@pytest.mark.parametrize("kind", ["l2", "wasserstein"])
def test_spectra_of_different_meaning_are_not_compared(other: dict[str, object], kind: str) -> None:
    with pytest.raises(ConfigurationError, match=next(iter(other))):
        distance(spectrum_of([[1.0, 2.0]]), spectrum_of([[1.0, 2.0]], **other), kind)


def test_l2_refuses_other_layer_sizes_and_wasserstein_takes_them() -> None:
    a, b = spectrum_of([[1.0, 2.0, 3.0]], layer=[1, 1, 2]), spectrum_of([[1.0, 2.0, 3.0]], layer=[1, 2, 2])
    with pytest.raises(ConfigurationError, match="wasserstein"):
        distance(a, b)
    assert distance(a, b, "wasserstein") == 0.0
    with pytest.raises(ConfigurationError, match="wasserstein"):
        distance([1.0], [1.0, 2.0])
    with pytest.raises(ConfigurationError, match="two spectra"):
        distance(a, [1.0, 2.0, 3.0])
    with pytest.raises(ConfigurationError, match="choose one of l2, wasserstein"):
        distance(a, a, "l1")


def with_dead(exponents: list[list[float]], dead: list[bool]) -> Spectrum:
    return replace(spectrum_of(exponents), dead=torch.tensor(dead))


def test_distances_compare_what_is_alive_in_both() -> None:
    a = with_dead([[1.0, 2.0, -16.0]], [False, False, True])
    b, whole = with_dead([[4.0, -16.0, -16.0]], [False, True, True]), spectrum_of([[4.0, 6.0, 9.0]])
    assert distance(a, b) == distance(b, a) == pytest.approx(3.0)
    assert distance(a, whole) == pytest.approx(5.0)  # (3, 4), not what stands at the floor
    # distributions of what lives: {1, 2} against {4}
    assert distance(a, b, "wasserstein") == pytest.approx(math.sqrt((9 + 4) / 2))
    assert (int(a.dead.sum()), int(b.dead.sum())) == (1, 2)


@pytest.mark.parametrize("kind", ["l2", "wasserstein"])
def test_distances_are_never_nan(kind: str) -> None:
    infinite = spectrum_of([[1.0, -math.inf, -math.inf]])
    assert distance(infinite, spectrum_of([[1.0, -math.inf, 2.0]]), kind) < math.inf
    assert distance([1.0, -math.inf], [3.0, -math.inf], kind) == pytest.approx(2.0)
    nothing = with_dead([[-16.0, -16.0]], [True, True])
    assert distance(nothing, spectrum_of([[1.0, 2.0]]), kind) == math.inf
    assert distance(nothing, nothing, kind) == 0.0
    with pytest.raises(ConfigurationError, match="got NaN"):
        distance([math.nan, 1.0], [1.0, 2.0], kind)


def test_intervals_say_how_many_directions_they_leave_out() -> None:
    noise = 0.1 * torch.randn(9, 3)
    a = with_dead((torch.tensor([[1.0, 2.0, -16.0]]) + noise).tolist(), [False, False, True])
    b = spectrum_of((torch.tensor([[4.0, 6.0, 0.0]]) + noise).tolist())
    found = lyapunov.distance_interval(a, b)
    assert found.distance == pytest.approx(5.0)
    assert found.dead == (1, 0)
    assert lyapunov.compare(a, b, b).dead == (1, 0, 0)
    with pytest.raises(ConfigurationError, match="no direction is alive in both"):
        lyapunov.distance_interval(with_dead(a.exponents.tolist(), [True] * 3), b)


def test_dead_directions_and_a_whole_hidden_state_survive_saving(tmp_path: Path) -> None:
    module = nn.GRU(3, 5)
    found = lyapunov.spectrum(module, torch.randn(20, 2, 3), state="hidden")
    pruned = nn.RNN(3, 5).double()
    with torch.no_grad():
        pruned.weight_hh_l0[2] = 0
    sparse = lyapunov.spectrum(pruned, torch.randn(20, 2, 3).double(), state="hidden")
    for spectrum in (found, sparse):
        spectrum.save(tmp_path / "spectrum.safetensors")
        again = Spectrum.load(tmp_path / "spectrum.safetensors")
        assert torch.equal(again.dead, spectrum.dead)
        assert torch.equal(again.rounded, spectrum.rounded)
        assert again.kaplan_yorke_dimension == spectrum.kaplan_yorke_dimension
    assert int(again.dead.sum()) == 1
    assert again.leading(5).dead.sum() == 1


def test_dimension_and_entropy_are_of_a_whole_state() -> None:
    """Of h with c held fixed there is neither; a GRU's, an RNN's and an RHN's h is the whole state."""
    inputs = torch.randn(20, 2, 3)
    partial = lyapunov.spectrum(nn.LSTM(3, 5), inputs, state="hidden")
    for name in ("entropy", "kaplan_yorke_dimension"):
        with pytest.raises(ConfigurationError, match=r"whole state, .* compute with state='full'"):
            getattr(partial, name)
        assert getattr(lyapunov.spectrum(nn.LSTM(3, 5), inputs), name) >= 0
        for make in (nn.GRU, nn.RNN):
            assert getattr(lyapunov.spectrum(make(3, 5), inputs, state="hidden"), name) >= 0


def test_a_spectrum_s_repr_is_one_line() -> None:
    found = lyapunov.spectrum(nn.LSTM(3, 5, 2), torch.randn(20, 2, 3), warmup=5)
    assert repr(found).startswith(
        "Spectrum(10 + 10 exponents, 2 sequences, 15 steps, full forward, largest -0."
    )
    assert repr(found).endswith(" nats/step)")
    assert ", 1 dead," in repr(with_dead([[1.0, -16.0]], [False, True]))
