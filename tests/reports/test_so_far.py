"""A search that has not ended is told by what its folder holds."""

import json
from pathlib import Path

import pytest

from hyperprune import files, reports
from hyperprune.errors import RunFolderError
from hyperprune.reports.drawings import drawings
from hyperprune.reports.page import render
from hyperprune.search import CandidateEnded, Event, RoundBegan, RunFolder, SearchConfig, SearchResult, run
from hyperprune.training import Failure


class Killed(BaseException):
    """Stands for a process that ends here."""


def test_stored_rankings_are_those_of_the_search(
    searched: tuple[RunFolder, SearchResult], unfinished: RunFolder
) -> None:
    ended, so_far = reports.gather(searched[0]), reports.gather(unfinished)
    assert so_far.result is None
    assert so_far.rounds == ended.rounds
    for mine, theirs in zip(so_far.candidates, ended.candidates, strict=True):
        assert mine.ls_distance == theirs.ls_distance
        assert mine.valid_score == theirs.valid_score
        assert mine.metric == theirs.metric
        assert mine.variant == theirs.variant
        known = {"selected": "running", "finalist": "running"}
        assert mine.standing == known.get(theirs.standing, theirs.standing)
    assert so_far.leading is not None
    assert so_far.leading.name == str(so_far.rounds[-1].promoted[0])


def test_page_of_an_unfinished_search(written_unfinished: Path) -> None:
    page = written_unfinished.read_text(encoding="utf-8")
    assert "This search has not ended" in page
    assert 'id="networks"' not in page
    assert 'id="ranks"' in page


def _stop_at(name: str, config: SearchConfig, out: Path) -> RunFolder:
    def listen(event: Event) -> None:
        if isinstance(event, RoundBegan) and event.name == name:
            raise Killed

    with pytest.raises(Killed):
        run(config, out, listener=listen)
    return RunFolder(out)


def test_before_anything_was_trained(tmp_path: Path, config: SearchConfig) -> None:
    page = reports.write(_stop_at("dense", config, tmp_path / "run")).read_text(encoding="utf-8")
    assert "0 of 9 candidates" in page


def test_with_the_dense_reference_alone(tmp_path: Path, config: SearchConfig) -> None:
    folder = _stop_at("pool", config, tmp_path / "run")
    findings = reports.gather(folder)
    assert findings.dense.epochs == 5
    assert findings.candidates == ()
    assert set(drawings(findings)) == {"score", "paths"}


def test_in_the_pool_nobody_has_fallen(tmp_path: Path, config: SearchConfig) -> None:
    def listen(event: Event) -> None:
        if isinstance(event, CandidateEnded) and event.number == 3:
            raise Killed

    with pytest.raises(Killed):
        run(config, tmp_path / "run", listener=listen)
    findings = reports.gather(RunFolder(tmp_path / "run"))
    assert findings.rounds == ()
    assert {c.standing for c in findings.candidates} <= {"running", "duplicate"}
    assert "9 candidates have finished" in render(findings, {})


def test_a_failed_candidate_says_why(unfinished: RunFolder) -> None:
    before = reports.gather(unfinished)
    unfinished.candidate(0).save_failure(Failure(epoch=1, reason="the loss became nan"), "job")
    findings = reports.gather(unfinished)
    assert findings.candidates[0].standing == "failed"
    assert findings.rounds == before.rounds, "a report decides nothing: the rankings are those that were made"
    assert "the loss became nan" in render(findings, {})


def test_a_report_never_opens_the_study_for_writing(
    unfinished: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("opened for writing")

    monkeypatch.setattr("hyperprune.search.asking.study.Study.__init__", refuse)
    monkeypatch.setattr("optuna.create_study", refuse)
    before = unfinished.database.read_bytes()
    assert len(reports.gather(unfinished).candidates) == 9
    assert unfinished.database.read_bytes() == before


def test_rankings_of_another_configuration_are_not_shown(unfinished: RunFolder) -> None:
    path = unfinished.path / "rounds.json"
    document = json.loads(path.read_bytes())
    files.write_json(path, {**document, "search": "0" * 12})
    assert reports.gather(unfinished).rounds == ()


def test_damaged_and_missing_files_are_left_out(
    unfinished: RunFolder, caplog: pytest.LogCaptureFixture
) -> None:
    unfinished.dense.spectrum_path(1).write_bytes(b"damaged")
    unfinished.dense.spectrum_path(2).unlink()
    findings = reports.gather(unfinished)
    assert sorted(findings.spectra["dense"]) == [3, 4, 5]
    assert "leaves it out" in caplog.text
    assert "score" in drawings(findings)


def test_other_folders_are_refused(tmp_path: Path) -> None:
    with pytest.raises(RunFolderError, match=r"not a run folder.*give the --out of a search"):
        reports.write(RunFolder(tmp_path))
