"""benchmarks/inference.py: a record a cell, printed from records alone, machines never mixed."""

import json
import subprocess
import sys
from pathlib import Path

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "inference.py"
TINY = ("--hidden", "32", "--density", "0.5", "--kinds", "gru", "--rounds", "2")


def run(records: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, BENCHMARK, *TINY, "--records", records, *arguments],
        capture_output=True,
        text=True,
        check=False,
    )


def test_what_is_measured_is_kept_and_printed_again(tmp_path: Path) -> None:
    first = run(tmp_path)
    assert first.returncode == 0, first.stderr
    assert "| gru 32 | 0.5 |" in first.stdout
    record = tmp_path / "gru-32-0.5.json"
    kept = record.read_bytes()
    again = run(tmp_path, "--table")
    assert again.stdout == first.stdout
    assert record.read_bytes() == kept
    changed = json.loads(kept)
    changed["machine"]["processor"] = "another"
    record.write_text(json.dumps(changed))
    refused = run(tmp_path)
    assert refused.returncode == 1
    assert "was measured on" in refused.stderr
