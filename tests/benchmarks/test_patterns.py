"""The table of patterns is what its records say."""

import importlib
import json
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def benchmark(monkeypatch: pytest.MonkeyPatch) -> Any:
    """benchmarks/patterns.py as a module; it stays known, as dataclasses ask."""
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    monkeypatch.delitem(sys.modules, "patterns", raising=False)
    return importlib.import_module("patterns")


def test_the_table_of_the_results_is_that_of_the_records(benchmark: Any) -> None:
    records = benchmark.read(benchmark.RECORDS)
    assert len(records) == len(list(benchmark.works())) == 54
    lines = (ROOT / "docs" / "results.md").read_text().splitlines()
    for row in benchmark.rows(records):
        assert f"| {' | '.join(row)} |" in lines


def test_records_that_are_missing_leave_the_others_a_table(benchmark: Any, tmp_path: Path) -> None:
    one = next(benchmark.works())
    record = json.loads((benchmark.RECORDS / f"{one.name}.json").read_text())
    (tmp_path / f"{one.name}.json").write_text(json.dumps(record))
    ((task, density, pattern, *_),) = benchmark.rows(benchmark.read(tmp_path))
    assert (task, density, pattern) == ("digits, error rate", "dense", "")


def test_every_network_has_a_choice_that_its_matrices_allow(benchmark: Any) -> None:
    for work in benchmark.works():
        variant = work.variant
        assert (variant is None) == (work.pattern is None)
        if variant is not None:
            assert (variant.pattern, variant.density) == (work.pattern, work.density)
            dense = work.task == "digits" and work.pattern != "units"  # ten rows
            assert variant.exclude == (("decoder",) if dense else ())
            assert variant.schedule_span == (0.0, 0.75)
