"""Killed at any moment, a search goes on where it was and ends with the same bytes."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from small_search import families

from hyperprune.search import Event, RunFolder, SearchConfig, SearchResult, configure, run
from hyperprune.training.stored.checkpoint import path as checkpoint_path

SMALL = {
    "corpus.max_train_tokens": 3000,
    "corpus.max_vocabulary": 120,
    "model.embedding": 10,
    "model.hidden": 12,
    "recipe.epochs": 5,
    "recipe.learning_rate": 5.0,
    "spectrum.batch": 2,
    "spectrum.steps": 8,
    "spectrum.warmup": 2,
    "search.candidates": 6,
    "search.startup": 2,
    "search.first_epochs": 1,
    "search.round_epochs": 1,
}


class Killed(BaseException):
    """Stands for a process that ends here."""


def small() -> SearchConfig:
    return configure("python-docs", None, SMALL)


def bits(folder: Path) -> dict[str, bytes]:
    """What must not depend on interruptions: the result, the finalists' weights, every spectrum."""
    kept = [folder / "result.json", folder / "config.toml"]
    kept += sorted(folder.rglob("*.safetensors"))
    return {str(path.relative_to(folder)): path.read_bytes() for path in kept}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, SearchResult]:
    """A search that nobody interrupted."""
    folder = tmp_path_factory.mktemp("whole") / "run"
    return folder, run(small(), folder)


@pytest.fixture(scope="module")
def whole_families(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A search with both families that nobody interrupted."""
    folder = tmp_path_factory.mktemp("families") / "run"
    run(families(), folder)
    return folder


def _after(count: int) -> Callable[[Event], None]:
    left = count

    def listen(_: Event) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            raise Killed

    return listen


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path, whole: tuple[Path, SearchResult]) -> None:
    run(small(), tmp_path / "run")
    assert bits(tmp_path / "run") == bits(whole[0])


@pytest.mark.parametrize("seed", range(3))
def test_interrupted_between_events(tmp_path: Path, whole: tuple[Path, SearchResult], seed: int) -> None:
    """Several interruptions at random points, then to the end."""
    chance = random.Random(seed)
    interrupted = 0
    for _ in range(4):
        try:
            run(small(), tmp_path / "run", listener=_after(chance.randint(1, 20)))
        except Killed:
            interrupted += 1
    run(small(), tmp_path / "run")
    assert interrupted > 0
    assert bits(tmp_path / "run") == bits(whole[0])


def _end_at_a_file(monkeypatch: pytest.MonkeyPatch, chance: random.Random, most: int) -> None:
    """The process ends right before or after one of the first ``most`` files takes its name."""
    replace = os.replace
    left = chance.randint(1, most)

    def end_at(source: Path, target: Path) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            if chance.random() < 0.5:
                replace(source, target)
            raise Killed
        replace(source, target)

    monkeypatch.setattr(os, "replace", end_at)


@pytest.mark.parametrize("seed", range(4))
def test_interrupted_before_or_after_any_file(
    tmp_path: Path, whole: tuple[Path, SearchResult], seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process ends right before or after a file takes its name; the next one goes on."""
    _end_at_a_file(monkeypatch, random.Random(seed), 80)
    with pytest.raises(Killed):
        run(small(), tmp_path / "run")
    monkeypatch.undo()
    run(small(), tmp_path / "run")
    assert bits(tmp_path / "run") == bits(whole[0])


def test_sigkill_of_the_process(tmp_path: Path, whole: tuple[Path, SearchResult]) -> None:
    """The real thing: the command is killed twice at random moments, then given once more."""
    chance = random.Random(os.getpid())
    flags = [
        part
        for name, value in SMALL.items()
        if name.startswith(("corpus", "model", "recipe", "search")) and "startup" not in name
        for part in (f"--{name.split('.')[1].replace('_', '-')}", str(value))
    ]
    config = tmp_path / "rest.toml"
    config.write_text("[spectrum]\nbatch = 2\nsteps = 8\nwarmup = 2\n[search]\nstartup = 2\n")
    command = [
        sys.executable,
        "-m",
        "hyperprune",
        "search",
        "--preset",
        "python-docs",
        "--config",
        str(config),
    ]
    command += [*flags, "--out", str(tmp_path / "run")]
    for wanted in (1, 3):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _wait_for(tmp_path / "run", wanted, process)
        time.sleep(chance.random() / 2)
        process.send_signal(signal.SIGKILL)
        process.wait()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert bits(tmp_path / "run") == bits(whole[0])


def _wait_for(folder: Path, candidates: int, process: subprocess.Popen[bytes]) -> None:
    """Until so many candidates have a folder, or the process has ended."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        if len(list((folder / "candidates").glob("*"))) >= candidates:
            return
        time.sleep(0.02)
    assert process.poll() is not None, "nothing happened within a minute"


def test_finished_search_is_not_done_again(whole: tuple[Path, SearchResult]) -> None:
    folder, result = whole
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*.safetensors")}
    assert run(small(), folder) == result
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*.safetensors")} == before


def test_damaged_checkpoint_goes_back_to_the_one_before(
    tmp_path: Path, whole: tuple[Path, SearchResult], caplog: pytest.LogCaptureFixture
) -> None:
    shutil.copytree(whole[0], tmp_path / "run")
    folder = RunFolder(tmp_path / "run")
    (folder.path / "result.json").unlink()
    victim = checkpoint_path(folder.candidate(whole[1].finalists[0].number).path, 5)
    data = bytearray(victim.read_bytes())
    data[len(data) // 2] ^= 4
    victim.write_bytes(data)
    run(small(), folder.path)
    assert "damaged" in caplog.text
    assert bits(folder.path) == bits(whole[0])


@pytest.mark.parametrize("workers", [1, 2])
def test_families_interrupted_between_events(tmp_path: Path, whole_families: Path, workers: int) -> None:
    """With two workers both families are under way when the search ends."""
    chance = random.Random(workers)
    config = families(**{"runtime.workers": workers})
    interrupted = 0
    for _ in range(3):
        try:
            run(config, tmp_path / "run", listener=_after(chance.randint(1, 25)))
        except Killed:
            interrupted += 1
    run(config, tmp_path / "run")
    assert interrupted > 0
    assert bits(tmp_path / "run") == bits(whole_families)


@pytest.mark.parametrize("seed", range(2))
def test_families_interrupted_before_or_after_any_file(
    tmp_path: Path, whole_families: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    _end_at_a_file(monkeypatch, random.Random(seed), 90)
    with pytest.raises(Killed):
        run(families(), tmp_path / "run")
    monkeypatch.undo()
    run(families(), tmp_path / "run")
    assert bits(tmp_path / "run") == bits(whole_families)
