"""The commands as a person gives them."""

import json
import subprocess
import sys
from pathlib import Path

SMALL = [
    *("--hidden", "8", "--embedding", "8", "--candidates", "4", "--epochs", "3"),
    *("--max-train-tokens", "2000", "--max-vocabulary", "100"),
]


def hyperprune(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "hyperprune", *words], capture_output=True, text=True, cwd=cwd, check=False
    )


def test_search_then_report(tmp_path: Path) -> None:
    done = hyperprune("search", "--preset", "python-docs", *SMALL, "--out", "run", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == json.loads((tmp_path / "run" / "result.json").read_bytes())
    (tmp_path / "run" / "report.html").unlink()
    again = hyperprune("report", "run", cwd=tmp_path)
    assert again.returncode == 0, again.stderr
    assert (tmp_path / "run" / "report.html").stat().st_size > 10_000
    shown = hyperprune("search", "--preset", "python-docs", *SMALL, "--out", "run", cwd=tmp_path)
    for word in ("dense", "selected", "runner-up", "epochs", "Report:"):
        assert word in shown.stdout
    refused = hyperprune(
        "search", "--preset", "python-docs", *SMALL, "--seed", "7", "--out", "run", cwd=tmp_path
    )
    assert refused.returncode == 2
    assert "seed is 1 there, 7 here" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_mistakes_are_one_line_and_status_two(tmp_path: Path) -> None:
    (tmp_path / "corpus").mkdir()
    for words, says in (
        (("search", "--preset", "dmeo"), "unknown preset 'dmeo'"),
        (("search", "--sparsity", "1.2"), "sparsity: input should be less than 1, got 1.2"),
        (("search", "--corpus", "nowhere"), "there is no corpus"),
        (("search", "--corpus", "corpus"), "lacks train.txt"),
        (("report", "nowhere"), "not a run folder"),
    ):
        done = hyperprune(*words, cwd=tmp_path)
        assert done.returncode == 2, words
        assert says in done.stderr, words
        assert "Traceback" not in done.stderr
        assert len(done.stderr.strip().splitlines()) == 1, done.stderr


def test_help_and_version(tmp_path: Path) -> None:
    shown = hyperprune("search", "--help", cwd=tmp_path)
    assert shown.returncode == 0
    for word in ("--preset", "--corpus", "--sparsity", "--out"):
        assert word in shown.stdout
    assert hyperprune("--version", cwd=tmp_path).returncode == 0
