"""Disks that fill, mounts that cannot be written, and Ctrl-C: real ones, in processes of their own."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hyperprune.search import configure, run

_SIZES = {
    "--preset": "python-docs",
    "--hidden": "48",
    "--embedding": "32",
    "--max-train-tokens": "2000",
    "--max-vocabulary": "100",
    "--epochs": "3",
    "--candidates": "3",
    "--learning-rate": "5",
}
SEARCH = [sys.executable, "-m", "hyperprune", "search", *(word for pair in _SIZES.items() for word in pair)]
VALUES = {
    "model.hidden": 48,
    "model.embedding": 32,
    "corpus.max_train_tokens": 2000,
    "corpus.max_vocabulary": 100,
    "recipe.epochs": 3,
    "recipe.learning_rate": 5.0,
    "search.candidates": 3,
}


def _in_namespace(script: str) -> subprocess.CompletedProcess[str]:
    """Run a script where it may mount; its mounts end with it."""
    probe = subprocess.run(["unshare", "-r", "-m", "true"], capture_output=True, check=False)
    if probe.returncode != 0:
        pytest.skip("this system gives no user namespace to mount in")
    return subprocess.run(
        ["unshare", "-r", "-m", "bash", "-c", script], capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The search that nothing disturbed."""
    folder = tmp_path_factory.mktemp("whole") / "run"
    run(configure("python-docs", None, VALUES), folder)
    return folder


def _mistake(text: str) -> str:
    lines = [line for line in text.splitlines() if line.startswith("error: ")]
    assert len(lines) == 1, text
    assert "Traceback" not in text
    return lines[0]


@pytest.mark.slow
@pytest.mark.parametrize("size", ["600k", "1100k", "1500k"])
def test_full_disk_keeps_what_is_finished(tmp_path: Path, whole: Path, size: str) -> None:
    """Three places to run out of room; with room the same command goes on to the same result."""
    mount = tmp_path / "mount"
    mount.mkdir()
    search = " ".join([*SEARCH, "--out", str(mount / "run")])
    done = _in_namespace(
        f"mount -t tmpfs -o size={size} tmpfs {mount} && {search} >/dev/null; echo status $?; "
        f"mount -o remount,size=64m {mount}; {search} >/dev/null; echo status $?; "
        f"cp -r {mount}/run {tmp_path}/copy"
    )
    assert done.stdout.split("\n")[:2] == ["status 2", "status 0"], done
    line = _mistake(done.stderr)
    assert "No space left on device" in line or "disk is full" in line
    assert "make room" in line
    assert (tmp_path / "copy/result.json").read_bytes() == (whole / "result.json").read_bytes()


@pytest.mark.slow
def test_read_only_mount(tmp_path: Path, whole: Path) -> None:
    """Reading works there; writing says so. The permissions of root play no part in it."""
    mount = tmp_path / "mount"
    mount.mkdir()
    shutil.copytree(whole, tmp_path / "run")
    python = f"{sys.executable} -m hyperprune"
    done = _in_namespace(
        f"mount --bind {tmp_path} {mount} && mount -o remount,ro,bind {mount} || exit 9; cd {mount}; "
        f"{' '.join(SEARCH)} --out new; {' '.join(SEARCH)} --out run; {python} report run; "
        f"{python} spectrum run --plot plot.png; {python} search --init new.toml; "
        f"{python} evaluate run --json; echo status $?"
    )
    assert done.returncode != 9, done.stderr
    lines = done.stderr.splitlines()
    assert len(lines) == 5, done.stderr
    for line in lines:
        assert line.startswith("error: ")
        assert "Read-only file system" in line
        assert "give " in line
    assert '"perplexity"' in done.stdout
    assert done.stdout.endswith("status 0\n")


def _interrupt(out: Path, until: float | None) -> tuple[int, str]:
    """Press Ctrl-C after so many seconds, or once the first candidate is being trained."""
    start = "import sys; from hyperprune.cli import main; print('ready', flush=True); main()"
    process = subprocess.Popen(
        [sys.executable, "-c", start, *SEARCH[3:], "--out", str(out)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # a shell's background jobs ignore Ctrl-C, and their children inherit that
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"  # before it the interpreter alone is there
    deadline = time.monotonic() + (300 if until is None else until)
    while time.monotonic() < deadline and process.poll() is None:
        if until is None and (out / "candidates").exists():
            break
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=300)
    return process.returncode, errors


def test_interrupted_search_says_so_and_goes_on(tmp_path: Path, whole: Path) -> None:
    status, errors = _interrupt(tmp_path / "run", None)
    assert status == 130
    assert errors.splitlines()[-1].startswith("interrupted; what was finished is kept")
    assert "Traceback" not in errors
    assert (tmp_path / "run/dense/epoch-0003.safetensors").exists()
    run(configure("python-docs", None, VALUES), tmp_path / "run")
    assert (tmp_path / "run/result.json").read_bytes() == (whole / "result.json").read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(6))
def test_ctrl_c_at_any_time(tmp_path: Path, seed: int) -> None:
    """From the first imports of what does the work on."""
    status, errors = _interrupt(tmp_path / "run", 0.1 + random.Random(seed).random() * 6)
    assert status in (130, 0), errors
    assert "Traceback" not in errors
    if status == 130:
        assert errors.splitlines()[-1].startswith("interrupted;")


def test_reader_that_goes_away(tmp_path: Path) -> None:
    """hyperprune ... | head"""
    command = f"{sys.executable} -m hyperprune data stats python-docs --json | head -1"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert done.stdout == "{\n"
    assert done.stderr == ""


def test_an_interrupt_in_the_first_moments_is_one_line_too() -> None:
    """In 8 of 20, Python's own traceback was seen: much was imported before anybody was ready for Ctrl-C."""
    code = (
        "import sys\nbefore = set(sys.modules)\nfrom hyperprune.cli import main\n"
        "print(*sorted(set(sys.modules) - before))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert not loaded & {"logging", "importlib.metadata", "email", "typer", "rich", "pydantic", "torch"}


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&- >&- 2>&-", ">/dev/full", "2>/dev/full"])
@pytest.mark.parametrize(
    "words", ["--version", "data stats python-docs --max-train-tokens 500", "data stats nowhere"]
)
def test_closed_and_full_streams_give_no_traceback(tmp_path: Path, closed: str, words: str) -> None:
    command = f"{sys.executable} -m hyperprune {words} {closed}"
    plain = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    done = subprocess.run(
        ["bash", "-c", command], capture_output=True, text=True, check=False, cwd=tmp_path, env=plain
    )
    assert "Traceback" not in done.stderr
    failing = "nowhere" in words or closed == ">/dev/full"
    assert done.returncode == (2 if failing else 0)
