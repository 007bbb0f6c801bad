"""The benchmark of our own overhead runs, and counts what it says."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_a_small_pool() -> None:
    command = [sys.executable, str(ROOT / "benchmarks" / "overhead.py"), "--pool", "12", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    assert found["pool"] == 12
    assert min(found["ours"], found["asking"], found["stub"], found["peak"] - found["before"]) >= 0
