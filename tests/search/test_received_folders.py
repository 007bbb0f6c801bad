"""A run folder that somebody sent: nothing outside it is written, whatever lies in it."""

import os
import shutil
import sqlite3
import struct
from pathlib import Path

import pytest
from small_search import small

from hyperprune import load, reports
from hyperprune.errors import HyperpruneError, RunFolderError
from hyperprune.search import RunFolder, extend, run

MORE = {"search.candidates": 5}


@pytest.fixture(scope="module")
def sent(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished search with its report."""
    folder = tmp_path_factory.mktemp("sent") / "run"
    run(small(search__candidates=4), folder)
    reports.write(RunFolder(folder))
    return folder


@pytest.fixture(autouse=True)
def _no_fsync(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", lambda _: None)


FILES = [
    ".lock",
    "config.toml",
    "config-1.toml",
    "study.db",
    "study.db-journal",
    "study.db-wal",
    "study-1.db",
    "result.json",
    "result-1.json",
    "result.sha256",
    "rounds.json",
    "metrics.csv",
    "candidates/4/error.txt",
    "report.html",
    "report-1.html",
    "timings.json",
    "versions.json",
    "figures/score.png",
    "dense/.lock",
    "dense/timings.json",
    "dense/epoch-0004.json",
    "dense/epoch-0004.safetensors",
    "dense/spectrum-0001.safetensors",
    "candidates/0/.lock",
    "candidates/4/timings.json",
    "candidates/4/failure.json",
    "candidates/4/initial.json",
    "candidates/4/epoch-0001.json",
    "candidates/4/epoch-0001.safetensors",
    "candidates/4/spectrum-0001.safetensors",
]
FOLDERS = ["figures", "dense", "candidates", "candidates/0", "candidates/4"]


def _use(folder: Path) -> list[str]:
    """Everything that writes into a run folder; what was refused."""
    said = []
    for work in (
        lambda: extend(folder, MORE),
        lambda: run(small(search__candidates=4), folder),
        lambda: reports.write(RunFolder(folder)),
        lambda: load(folder).config,
    ):
        try:
            work()
        except HyperpruneError as error:
            said.append(str(error))
    return said


@pytest.mark.parametrize("name", FILES)
def test_a_link_in_place_of_a_file_is_refused(tmp_path: Path, sent: Path, name: str) -> None:
    victim = tmp_path / "victim"
    victim.write_text("mine")
    folder = tmp_path / "run"
    shutil.copytree(sent, folder)
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    path.symlink_to(victim)
    said = _use(folder)
    assert victim.read_text() == "mine"
    assert len(said) == 4
    assert all(f"{name} is a link" in line for line in said)


@pytest.mark.parametrize("name", FOLDERS)
def test_a_link_in_place_of_a_folder_is_refused(tmp_path: Path, sent: Path, name: str) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    folder = tmp_path / "run"
    shutil.copytree(sent, folder)
    path = folder / name
    shutil.rmtree(path, ignore_errors=True)
    path.symlink_to(elsewhere)
    said = _use(folder)
    assert not list(elsewhere.iterdir())
    assert len(said) == 4
    assert all(f"{name} is a link" in line for line in said)


def test_a_link_under_the_name_of_an_unfinished_file_is_not_written_through(
    tmp_path: Path, sent: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The links are planted after the folder was looked at, under every name that could be foreseen."""
    monkeypatch.setattr("hyperprune.files.check_own", lambda _: None)
    folder = tmp_path / "run"
    shutil.copytree(sent, folder)
    victims = {}
    for number, name in enumerate(FILES):
        for ending in (".part", ".tmp"):
            victim = tmp_path / f"victim-{number}{ending}"
            victim.write_text("mine")
            path = folder / f"{name}{ending}"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.symlink_to(victim)
            victims[victim] = path
    assert len(extend(folder, MORE).candidates) == 5
    reports.write(RunFolder(folder))
    assert {victim.read_text() for victim in victims} == {"mine"}
    assert all(path.is_symlink() for path in victims.values())


def test_a_run_folder_under_a_link_of_the_user_is_theirs(tmp_path: Path, sent: Path) -> None:
    """Only links inside it are refused: that --out is one itself is the choice of the user."""
    shutil.copytree(sent, tmp_path / "disk")
    (tmp_path / "here").symlink_to(tmp_path / "disk")
    assert reports.write(RunFolder(tmp_path / "here")).exists()
    assert len(extend(tmp_path / "here", MORE).candidates) == 5


@pytest.mark.parametrize("name", ["config.toml", "result.json", "dense/epoch-0004.json", "study.db"])
def test_a_pipe_in_place_of_a_file_does_not_hang(tmp_path: Path, sent: Path, name: str) -> None:
    folder = tmp_path / "run"
    shutil.copytree(sent, folder)
    (folder / name).unlink()
    os.mkfifo(folder / name)
    said = _use(folder)
    assert len(said) == 4
    assert all(f"{name} is neither a file nor a folder" in line for line in said)
    with pytest.raises(RunFolderError):
        RunFolder(folder).config()


def _as_it_was(victim: Path, before: tuple[bytes, int]) -> bool:
    return victim.exists() and (victim.read_bytes(), victim.stat().st_mtime_ns) == before


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("held", ["theirs", "ours"])
def test_a_hard_link_in_place_of_a_file_is_not_written_through(
    tmp_path: Path, sent: Path, name: str, held: str
) -> None:
    """No look at a folder tells such a link from a file: whatever is written must be put in its place.

    Once it is any file of the user, and once what the run has itself, as a backup by hard links has it.
    """
    folder, victim = tmp_path / "run", tmp_path / "victim"
    shutil.copytree(sent, folder)
    path = folder / name
    if held == "ours" and not path.exists():
        pytest.skip("this run has no such file")
    path.parent.mkdir(parents=True, exist_ok=True)
    if held == "theirs":
        path.unlink(missing_ok=True)
        victim.write_text("mine")
    else:
        shutil.copy(path, victim)
        path.unlink()
    os.link(victim, path)
    before = victim.read_bytes(), victim.stat().st_mtime_ns
    said = _use(folder)
    assert _as_it_was(victim, before)
    if held == "ours":
        assert not any(name in line for line in said), "a backup by hard links is used like any folder"
        assert len(RunFolder(folder).finished().candidates) == 5


def test_a_database_of_the_user_under_the_name_of_the_study_gets_no_tables(
    tmp_path: Path, sent: Path
) -> None:
    folder, victim = tmp_path / "run", tmp_path / "browser.db"
    shutil.copytree(sent, folder)
    with sqlite3.connect(victim) as database:
        database.execute("create table visited (address)")
    database.close()
    (folder / "study.db").unlink()
    os.link(victim, folder / "study.db")
    before = victim.read_bytes(), victim.stat().st_mtime_ns
    _use(folder)
    assert _as_it_was(victim, before)


@pytest.mark.parametrize("ending", ["-journal", "-wal", "-shm"])
def test_what_sqlite_writes_beside_a_study_is_no_hard_link(tmp_path: Path, sent: Path, ending: str) -> None:
    """Reading is enough: SQLite cuts a -shm file to three bytes when it opens it."""
    folder, victim = tmp_path / "run", tmp_path / "victim"
    shutil.copytree(sent, folder)
    (folder / "result.json").unlink()
    victim.write_bytes(b"mine" * 10_000)
    os.link(victim, folder / f"study.db{ending}")
    before = victim.read_bytes(), victim.stat().st_mtime_ns
    said = _use(folder)
    assert _as_it_was(victim, before)
    assert sum(f"study.db{ending} has another name elsewhere" in line for line in said) == 2  # run, report


def _journal_that_names(victim: Path) -> bytes:
    """A rollback journal of no pages that belongs to a super-journal: SQLite's file format, section 3."""
    magic, page, name = bytes.fromhex("d9d505f920a163d7"), 4096, os.fsencode(victim)
    header = magic + struct.pack(">IIIII", 0, 0, 2, 512, page)
    check = sum(struct.unpack(f"{len(name)}b", name)) & 0xFFFFFFFF
    super_page = struct.pack(">I", 2**30 // page + 1)
    return header.ljust(512, b"\0") + super_page + name + struct.pack(">II", len(name), check) + magic


def test_a_journal_that_names_another_file_deletes_none(tmp_path: Path, sent: Path) -> None:
    """SQLite takes the file that a journal names for a super-journal, and deletes it when it rolls back."""
    plain, lost = tmp_path / "plain.db", tmp_path / "lost"
    with sqlite3.connect(plain) as database:
        database.execute("create table t (a)")
    database.close()
    lost.write_text("mine")
    plain.with_name("plain.db-journal").write_bytes(_journal_that_names(lost))
    with sqlite3.connect(plain) as database:
        database.execute("select * from t")
    database.close()
    assert not lost.exists(), "this is what SQLite does"

    folder, victim = tmp_path / "run", tmp_path / "victim"
    shutil.copytree(sent, folder)
    (folder / "result.json").unlink()
    victim.write_text("mine")
    (folder / "study.db-journal").write_bytes(_journal_that_names(victim))
    said = _use(folder)
    assert victim.read_text() == "mine"
    assert sum("study.db-journal names another file" in line for line in said) == 2  # run, report
