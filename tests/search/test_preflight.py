"""A stored record is not a preflight: reading a configuration asks nothing of the machine."""

import shutil
import sys
from pathlib import Path

import pytest

import hyperprune
from hyperprune import reports
from hyperprune.accelerators import check_device
from hyperprune.errors import ConfigurationError
from hyperprune.search import RunFolder, compare, configure, run
from hyperprune.search.config.preflight import preflight

SMALL = {
    "corpus.max_train_tokens": 3000,
    "corpus.max_vocabulary": 100,
    "model.hidden": 8,
    "model.embedding": 8,
    "recipe.epochs": 2,
    "search.candidates": 2,
    "search.first_epochs": 1,
    "spectrum.steps": 5,
}


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("ended") / "run"
    run(configure("demo", values={**SMALL, "search.sampler": "qmc"}), out)
    return out


def _moved_to_a_gpu(path: Path) -> None:
    config = path / "config.toml"
    config.write_text(config.read_text().replace('device = "cpu"', 'device = "cuda:7"'))


def test_a_gpu_run_opens_without_the_gpu(ended: Path, tmp_path: Path) -> None:
    path = Path(shutil.copytree(ended, tmp_path / "run"))
    _moved_to_a_gpu(path)
    assert hyperprune.load(path).config.runtime.device == "cuda:7"
    assert hyperprune.load(path).network() is not None
    assert compare([path]).runs
    assert reports.write(RunFolder(path)).exists()


def test_a_run_opens_without_its_samplers_package(ended: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "scipy", None)
    assert hyperprune.load(ended).config.search.sampler == "qmc"
    assert compare([ended]).runs


def test_a_finished_search_is_returned_before_any_preflight(
    ended: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = configure("demo", values={**SMALL, "search.sampler": "qmc"})
    monkeypatch.setitem(sys.modules, "scipy", None)
    with pytest.raises(ConfigurationError, match="qmc needs scipy"):
        preflight(config)
    assert run(config, ended).selected == RunFolder(ended).finished().selected


@pytest.mark.parametrize(
    ("name", "said"), [("cuda:7", "no device"), ("meta", "holds no numbers"), ("x", "no device")]
)
def test_devices_that_cannot_train_are_refused_when_training_begins(
    name: str, said: str, tmp_path: Path
) -> None:
    config = configure("demo", values={**SMALL, "runtime.device": name})
    with pytest.raises(ConfigurationError, match=said):
        check_device(name)
    with pytest.raises(ConfigurationError, match=said):
        run(config, tmp_path / "run")
    assert not (tmp_path / "run").exists()
