from pathlib import Path

import pytest
from small_search import small

from hyperprune.errors import RunFolderError
from hyperprune.search import RunFolder, SearchConfig, configure, run


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


def test_no_bit_of_a_result_can_change_unnoticed(tmp_path: Path) -> None:
    """Four of forty flipped bits of result.json were believed, a score among them."""
    folder = RunFolder(tmp_path / "run")
    found = run(small(search__candidates=2), folder.path).result
    path = folder.path / "result.json"
    whole = path.read_bytes()
    for bit in range(0, 8 * len(whole), 131):
        bad = bytearray(whole)
        bad[bit // 8] ^= 1 << bit % 8
        path.write_bytes(bad)
        with pytest.raises(RunFolderError, match=r"result\.json cannot be read"):
            folder.result()
    path.write_bytes(whole)
    assert folder.result() == found
