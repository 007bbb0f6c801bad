"""What a process does not load, because nobody waits for it gladly."""

import subprocess
import sys
from pathlib import Path

import pytest

WHOLE = """
import sys
from typer.testing import CliRunner
from hyperprune.cli.app import app

def command(*words):
    done = CliRunner().invoke(app, list(words), catch_exceptions=False)
    assert done.exit_code == 0, done.output

command(
    "search", "--preset", "python-docs", "--hidden", "16", "--embedding", "8", "--max-train-tokens", "2000",
    "--max-vocabulary", "50", "--epochs", "3", "--candidates", "2", "--out", "run",
)
command("evaluate", "run")
command("spectrum", "run")
command("report", "run")
command("export", "run", "--out", "small")
from hyperprune.inference import load
load("small")
print("loaded:", *(name for name in ("torch._dynamo", "torch._inductor") if name in sys.modules))
"""


@pytest.mark.slow
def test_no_command_loads_torchs_compiler(tmp_path: Path) -> None:
    """It takes a second, in the driver and in every worker."""
    done = subprocess.run(
        [sys.executable, "-c", WHOLE], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.stdout.endswith("loaded:\n"), done.stdout + done.stderr
