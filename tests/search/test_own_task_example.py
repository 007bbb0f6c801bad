"""examples/own_task.py is short, runs as a script, and by its name from its folder."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "own_task.py"


def _lines(node: ast.stmt) -> int:
    """Lines that are neither empty nor documentation."""
    assert isinstance(node, ast.ClassDef | ast.FunctionDef)
    documentation = node.body[0] if ast.get_docstring(node) else None
    skipped = (
        set() if documentation is None else set(range(documentation.lineno, documentation.end_lineno + 1))
    )
    text = EXAMPLE.read_text().splitlines()
    span = range(node.lineno, (node.end_lineno or node.lineno) + 1)
    return sum(bool(text[line - 1].strip()) for line in span if line not in skipped)


def test_task_and_search_take_less_than_thirty_lines() -> None:
    own = {node.name: node for node in ast.parse(EXAMPLE.read_text()).body if hasattr(node, "name")}
    assert _lines(own["Parity"]) + _lines(own["main"]) < 30


def test_its_task_is_found_and_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(EXAMPLE.parent))
    from hyperprune.search import configure

    config = configure(values={"task.object": "own_task:Parity"}).bound()
    opened = config.described.open(config.recipe)
    network = opened.network()
    driven = opened.driven(network, 5, 45)
    assert driven.inputs.shape == (45, 5, 2)
    assert 0 <= opened.score.shown(opened.evaluate(network, "valid")) <= 1
    sys.modules.pop("own_task", None)


@pytest.mark.slow
def test_it_runs_as_a_script(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(EXAMPLE), str(tmp_path / "run")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    dense, found = (float(part.split()[-1]) for part in done.stdout.split(","))
    assert dense > 0.9
    assert found > 0.9
