"""How metrics score candidates, and what becomes of a function of the user's own."""

from pathlib import Path

import pytest
import torch

from hyperprune.errors import ConfigurationError, UnknownNameError
from hyperprune.lyapunov import Spectrum, distance, spectrum
from hyperprune.search.metrics.early import METRICS, Measured, spectrum_distance
from hyperprune.search.metrics.own import checked_name, metric_of
from hyperprune.training import JobFolder

SEEN = Measured(3, 4.5, JobFolder(Path("x")), JobFolder(Path("y")), "l2")


def test_rank_is_the_weighted_mean_of_percentiles_by_hand() -> None:
    """LS 3, 1, 2 ranks 3, 1, 2; loss 10, 10, 5 ranks 2.5, 2.5, 1."""
    parts = [(3.0, 10.0), (1.0, 10.0), (2.0, 5.0)]
    assert METRICS["rank"].compared(parts, 0.5) == pytest.approx([2.25 / 3, 1.25 / 3, 1.0 / 3])
    assert METRICS["rank"].compared(parts, 0.0) == pytest.approx([2.5 / 3, 0.5 / 3, 1.5 / 3])
    assert METRICS["rank"].compared(parts, 1.0) == pytest.approx([2.0 / 3, 2.0 / 3, 0.5 / 3])
    assert METRICS["rank"].compared([], 0.5) == []


def test_rank_does_not_depend_on_the_scale_of_its_parts() -> None:
    parts = [(0.3, 7.0), (0.1, 9.0), (0.2, 8.0), (0.25, 3.0)]
    scaled = [(ls * 1000, loss / 1000) for ls, loss in parts]
    assert METRICS["rank"].compared(parts, 0.3) == METRICS["rank"].compared(scaled, 0.3)


def test_what_needs_no_dense_reference() -> None:
    assert {name for name in METRICS if not METRICS[name].needs_dense} == {"loss", "covariance"}
    assert METRICS["loss"].measure(SEEN) == (4.5,)


def test_a_function_in_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine_metric.py").write_text("def depth(measured):\n    return measured.epoch * 2\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.path", ["/nowhere"])
    assert metric_of("mine_metric:depth").measure(SEEN) == (6.0,)


@pytest.mark.parametrize("name", ["mine:", ":f", "mine-py:f", "a b:c", "os:system()", "..x:f"])
def test_what_is_no_name_of_a_function_is_refused(name: str) -> None:
    with pytest.raises(ConfigurationError, match="package\\.module:function"):
        checked_name(name)


def test_unknown_metrics_and_modules() -> None:
    with pytest.raises(UnknownNameError, match="covariance, loss, ls, rank"):
        checked_name("accuracy")
    with pytest.raises(ConfigurationError, match="cannot find the metric nothing_here:f"):
        metric_of("nothing_here:f")
    with pytest.raises(ConfigurationError, match="give a function"):
        metric_of("math:pi")


def test_a_function_that_fails_says_so_in_one_line() -> None:
    with pytest.raises(ConfigurationError, match="the metric math:sqrt failed \\(TypeError"):
        metric_of("math:sqrt").measure(SEEN)


def _spectrum(folder: Path, weight: list[list[float]]) -> Spectrum:
    """That of a tanh RNN with this recurrent matrix, kept as a job keeps it after epoch 1."""
    network = torch.nn.RNN(2, 3)
    with torch.no_grad():
        network.weight_hh_l0.copy_(torch.tensor(weight))
    inputs = torch.randn(20, 2, 2, generator=torch.Generator().manual_seed(0))
    found = spectrum(network, inputs, warmup=2)
    folder.mkdir()
    JobFolder(folder).save_spectrum(1, found)
    return found


def test_losing_directions_does_not_bring_a_network_closer(tmp_path: Path) -> None:
    """l2 is over what is alive in both; a search scales it to all directions, so that networks compare."""
    torch.manual_seed(0)
    full = _spectrum(tmp_path / "dense", [[0.8, 0.1, 0.2], [0.1, 0.5, -0.3], [0.4, 0.4, 0.6]])
    other = _spectrum(tmp_path / "full", [[0.7, 0.1, 0.1], [0.2, 0.6, -0.3], [0.4, 0.3, 0.6]])
    lost = _spectrum(tmp_path / "lost", [[0.8, 0.0, 0.0], [0.0, 0.0, 0.0], [1.4, 0.4, 0.0]])
    assert (int(full.dead.sum()), int(lost.dead.sum())) == (0, 2)
    dense = JobFolder(tmp_path / "dense")
    assert spectrum_distance(JobFolder(tmp_path / "full"), dense, 1, "l2") == distance(other, full)
    scaled = spectrum_distance(JobFolder(tmp_path / "lost"), dense, 1, "l2")
    assert scaled == pytest.approx(distance(lost, full) * 3**0.5), "one term of three stands for all"
    plain = spectrum_distance(JobFolder(tmp_path / "lost"), dense, 1, "wasserstein")
    assert plain == distance(lost, full, "wasserstein")
