"""Networks in which nothing lives any more: their LS distance is infinite, and JSON has no such number."""

import json
import math
from pathlib import Path

import pytest
from small_search import families, small

from hyperprune import reports
from hyperprune.reports.candidates import candidate_table
from hyperprune.reports.dead import dead_at, dead_sentence
from hyperprune.reports.viewers import viewer_data
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


def test_dead_directions_stand_beside_the_distances_of_a_report(sparse: Path) -> None:
    """A distance compares what is alive in both, so it says little without how much that is."""
    findings = reports.gather(RunFolder(sparse))
    first = {candidate.name: candidate.first_epoch for candidate in findings.distinct}
    folders = {name: RunFolder(sparse).candidate(int(name)) for name in first}
    counted = {
        name: int(folder.spectrum(first[name]).dead.sum())
        for name, folder in folders.items()
        if folder.spectrum_path(first[name]).exists()
    }
    assert any(counted.values())
    assert {name: dead_at(findings, name, first[name]) for name in counted} == counted
    table = candidate_table(findings)
    column = [heading for heading, _ in table.columns].index("dead directions")
    assert {c.name: int(cells[column].key) for c, cells in table.rows if c.name in counted} == counted
    page = reports.write(RunFolder(sparse)).read_text()
    said = dead_sentence(findings)
    assert said is not None
    assert said in page
    name, count = max(counted.items(), key=lambda item: item[1])
    assert f"{name} ({count})" in said
    assert viewer_data(findings)["dead"][name][str(first[name])] == count


def test_nothing_is_said_where_nothing_is_dead(tmp_path: Path) -> None:
    run(small(search__candidates=1), tmp_path / "run")
    findings = reports.gather(RunFolder(tmp_path / "run"))
    assert findings.dead == {}
    assert dead_sentence(findings) is None
    assert "dead directions" not in [heading for heading, _ in candidate_table(findings).columns]


def test_the_table_of_a_spectrum_counts_dead_directions_by_layer(
    sparse: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    from hyperprune.cli.work import run_spectrum
    from hyperprune.cli.work.spectrum_target import subject_of

    folder = RunFolder(sparse)
    number = next(
        c.number
        for c in folder.finished().candidates
        if c.duplicate_of is None and folder.candidate(c.number).spectrum_path(1).exists()
    )
    subject = subject_of(str(folder.candidate(number).path), {}, None, None, dense=False, device="cpu")
    run_spectrum.spectrum(subject, {}, None, None, None, as_json=True)
    counted = json.loads(capfd.readouterr().out)["dead"]
    assert counted > 0
    run_spectrum.spectrum(subject, {}, None, None, None, as_json=False)
    lines = capfd.readouterr().out.splitlines()
    heading = next(line for line in lines if "exponents" in line and "dead" in line)
    column = heading.replace("┃", " ").replace("│", " ").split().index("dead")
    rows = [line.replace("│", " ").replace("|", " ").split() for line in lines]
    by_layer = [int(row[column]) for row in rows if row and row[0] in ("1", "2")]
    assert sum(by_layer) == counted
    assert max(map(len, lines[1:-1])) <= 80
