"""Networks in which nothing lives any more: their LS distance is infinite, and JSON has no such number."""

import json
import math
from pathlib import Path

import pytest
from small_search import families

from hyperprune import reports
from hyperprune.search import RunFolder, run
from hyperprune.search.results.final_network import Curve


@pytest.fixture(scope="module")
def sparse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("dead") / "run"
    run(families(sparsity=0.98), path)
    return path


def test_a_search_with_dead_networks_writes_its_result(sparse: Path) -> None:
    """It trained to the end and then could not say what it had found."""
    result = RunFolder(sparse).finished()
    initial = [c.initial.ls_distance for c in result.candidates if c.initial is not None]
    curves = [distance for c in result.candidates for distance in c.curve.ls_distance]
    assert any(distance is not None and math.isinf(distance) for distance in [*initial, *curves])
    assert "Infinity" not in (sparse / "result.json").read_text()
    assert RunFolder(sparse).finished() == result


def test_its_report_is_written(sparse: Path) -> None:
    page = reports.write(RunFolder(sparse)).read_text()
    assert "Infinity" not in page


def test_an_infinite_distance_comes_back_from_json() -> None:
    curve = Curve(train_loss=(1.0,), valid_score=(2.0,), ls_distance=(math.inf,))
    stored = json.dumps(curve.model_dump(mode="json"), allow_nan=False)
    assert Curve.model_validate_json(stored) == curve
