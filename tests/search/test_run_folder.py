from pathlib import Path

import pytest

from hyperprune.errors import RunFolderError
from hyperprune.search import RunFolder, SearchConfig, configure


def test_configuration_is_written_and_read_back(tmp_path: Path) -> None:
    config = configure("python-docs", None, {"corpus.max_train_tokens": 5000})
    folder = RunFolder(tmp_path / "a" / "run")
    with folder.held(config):
        pass
    assert folder.config() == config


def test_another_configuration_is_refused_and_named(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "run")
    with folder.held(SearchConfig()):
        pass
    before = (folder.path / "config.toml").read_bytes()
    with (
        pytest.raises(RunFolderError, match=r"runtime\.threads is 1 there, 2 here"),
        folder.held(configure(None, None, {"runtime.threads": 2})),
    ):
        pass
    assert (folder.path / "config.toml").read_bytes() == before


def test_foreign_files_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("x")
    with pytest.raises(RunFolderError, match=r"thesis\.tex"), RunFolder(tmp_path).held(SearchConfig()):
        pass
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_file_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    for path in (tmp_path / "file", tmp_path / "file" / "run"):
        with pytest.raises(RunFolderError, match="in the way"), RunFolder(path).held(SearchConfig()):
            pass


def test_second_holder_is_refused(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "run")
    with (
        folder.held(SearchConfig()),
        pytest.raises(RunFolderError, match="in use"),
        folder.held(SearchConfig()),
    ):
        pass


def test_no_run_folder(tmp_path: Path) -> None:
    with pytest.raises(RunFolderError, match="not a run folder"):
        RunFolder(tmp_path).config()
