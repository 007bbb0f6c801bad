"""A stored record is not a preflight: reading a configuration asks nothing of the machine."""

import json
import shutil
import sys
import tomllib
from pathlib import Path

import pytest

import hyperprune
from hyperprune import reports
from hyperprune.accelerators import check_device
from hyperprune.errors import ConfigurationError, RunFolderError
from hyperprune.search import RunFolder, compare, configure, run
from hyperprune.search.asking.study import Study, stored_study
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
    run(configure("python-docs", values={**SMALL, "search.sampler": "qmc"}), out)
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
    config = configure("python-docs", values={**SMALL, "search.sampler": "qmc"})
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
    config = configure("python-docs", values={**SMALL, "runtime.device": name})
    with pytest.raises(ConfigurationError, match=said):
        check_device(name)
    with pytest.raises(ConfigurationError, match=said):
        run(config, tmp_path / "run")
    assert not (tmp_path / "run").exists()


JSON_FILES = ("result.json", "rounds.json", "timings.json", "versions.json")


def test_every_file_says_its_version(ended: Path) -> None:
    assert tomllib.loads((ended / "config.toml").read_text())["schema_version"] == 1
    for name in JSON_FILES:
        assert json.loads((ended / name).read_bytes())["schema_version"] >= 1, name
    for path in (ended / "dense").glob("*.json"):
        assert json.loads(path.read_bytes())["schema"] >= 1, path
    assert stored_study(ended / "study.db").attributes["schema_version"] == 1


def test_a_folder_of_an_earlier_version_opens(ended: Path, tmp_path: Path) -> None:
    """Without the versions that it did not have, and with bare timings."""
    path = Path(shutil.copytree(ended, tmp_path / "run"))
    config = path / "config.toml"
    config.write_text(config.read_text().replace("schema_version = 1\n", ""))
    for name in ("rounds.json", "result.sha256"):
        (path / name).unlink()
    timings = json.loads((path / "dense" / "timings.json").read_bytes())["seconds"]
    (path / "dense" / "timings.json").write_text(json.dumps(timings))
    assert RunFolder(path).dense.seconds() == timings
    assert hyperprune.load(path) == hyperprune.load(ended)
    assert reports.write(RunFolder(path)).exists()


@pytest.mark.parametrize("version", ["2", "99", '"new"', "0"])
def test_a_configuration_of_another_version_is_refused_by_its_number(
    version: str, ended: Path, tmp_path: Path
) -> None:
    path = Path(shutil.copytree(ended, tmp_path / "run"))
    config = path / "config.toml"
    config.write_text(config.read_text().replace("schema_version = 1", f"schema_version = {version}"))
    with pytest.raises(RunFolderError, match=f"schema_version .?{version.strip(chr(34))}.* reads up to 1"):
        hyperprune.load(path).config  # noqa: B018
    with pytest.raises(ConfigurationError, match="schema_version"):
        configure(file=config)


def test_the_configuration_of_a_run_can_be_given_again(ended: Path) -> None:
    assert configure(file=ended / "config.toml").digest == RunFolder(ended).config().digest


def test_a_study_of_another_version_is_refused(ended: Path, tmp_path: Path) -> None:
    path = Path(shutil.copytree(ended, tmp_path / "run"))
    Study(path / "study.db", {}).note("schema_version", 7)
    (path / "result.json").unlink()
    with pytest.raises(RunFolderError, match="schema version 7"):
        run(RunFolder(path).config(), path)


def test_a_sparsity_that_leaves_a_tiny_network_nothing_is_possible() -> None:
    """Choices are tried on 16 weights, of which 0.97 leaves none: every search at 0.97 was refused."""
    assert configure("demo", values={"sparsity": 0.99}).density == 0.01
