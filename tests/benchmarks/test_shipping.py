"""benchmarks/shipping.py: every format of a search in a process of its own."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from hyperprune.search import for_task, run

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "shipping.py"


@pytest.mark.slow  # fifteen processes that import torch
def test_every_format_is_loaded_elsewhere_and_gives_the_same(tmp_path: Path) -> None:
    small = {"task.settings.hidden": 16, "recipe.epochs": 2, "search.candidates": 2, "search.startup": 1}
    run(for_task("digits", small), tmp_path / "digits")
    arguments = [sys.executable, BENCHMARK, tmp_path / "digits", "--records", tmp_path / "records"]
    done = subprocess.run(arguments, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    rows = json.loads((tmp_path / "records" / "digits.json").read_text())["rows"]
    assert {row["export"].partition(",")[0] for row in rows} == {"torch", "hub", "c", "onnx"}
    assert all(row["apart"] < 1e-5 for row in rows if "int8" not in row["export"])
    assert all(row["latency"] > 0 for row in rows)
    again = subprocess.run([*arguments, "--table"], capture_output=True, text=True, check=True)
    assert again.stdout == done.stdout
