"""study.db: whole or not there, in a folder of any name, and told apart from others."""

import sqlite3
from contextlib import closing
from pathlib import Path

import optuna
import pytest
from small_search import finished, small

from hyperprune.errors import RunFolderError
from hyperprune.search import run
from hyperprune.search.asking.study import Study, stored_study

GIVEN = {"sampler": {"name": "tpe"}, "told": "ls, l2"}


@pytest.mark.parametrize("name", ["m?b", "m%3Fb", "m#b", "m b", "mü", "a&mode=memory"])
def test_a_folder_of_any_name_has_a_study_of_its_own(tmp_path: Path, name: str) -> None:
    """``m?b`` shared one with ``m?a``, outside both folders."""
    folder, other = tmp_path / name, tmp_path / f"{name[:2]}a"
    for place, value in ((folder, 1.0), (other, 2.0)):
        place.mkdir()
        study = Study(place / "study.db", GIVEN)
        study.add({}, {}, value, {})
    assert [trial.value for trial in stored_study(folder / "study.db").trials] == [1.0]
    assert [trial.value for trial in Study(folder / "study.db", GIVEN).trials()] == [1.0]
    assert [entry.name for entry in folder.iterdir()] == ["study.db"]
    assert {entry.name for entry in tmp_path.iterdir()} == {folder.name, other.name}


def test_a_study_appears_with_all_its_attributes_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain, calls = optuna.Study.set_user_attr, []

    def killed(self: optuna.Study, name: str, value: object) -> None:
        calls.append(name)
        if len(calls) == 2:
            raise KeyboardInterrupt
        plain(self, name, value)

    monkeypatch.setattr(optuna.Study, "set_user_attr", killed)
    with pytest.raises(KeyboardInterrupt):
        Study(tmp_path / "study.db", GIVEN)
    assert not (tmp_path / "study.db").exists()
    assert Study(tmp_path / "study.db", GIVEN).attributes == GIVEN


def test_an_older_study_that_a_kill_left_half_is_mended(tmp_path: Path) -> None:
    storage = f"sqlite:///{tmp_path / 'study.db'}"
    half = optuna.create_study(storage=storage, study_name="hyperprune", direction="minimize")
    half.set_user_attr("sampler", GIVEN["sampler"])
    assert Study(tmp_path / "study.db", GIVEN).attributes == GIVEN
    assert stored_study(tmp_path / "study.db").attributes == GIVEN


def _study(path: Path) -> Study:
    study = Study(path, GIVEN)
    space = {"death": optuna.distributions.CategoricalDistribution(("set", "magnitude"))}
    for number in range(3):
        study.add({"death": "set"}, space, 0.5 * number, {"parts": [[0.25]], "suggested_by": "ls, l2"})
    study.add({"death": "magnitude"}, space, None, {"failure": "loss became nan"})
    return study


def _changed(path: Path, statement: str) -> None:
    import sqlite3

    base = sqlite3.connect(path)
    with base:
        assert base.execute(statement).rowcount > 0
    base.close()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE trial_values SET value = value + 1e-9 WHERE trial_id = 2",
        "UPDATE trial_params SET param_value = 1.0 WHERE trial_id = 1",
        "UPDATE trial_params SET param_value = 7.0 WHERE trial_id = 1",
        "UPDATE trial_params SET distribution_json = '{' WHERE trial_id = 1",
        "UPDATE trial_params SET distribution_json = '[]' WHERE trial_id = 1",
        "UPDATE trial_user_attributes SET value_json = '[[0.26]]' WHERE key = 'parts'",
        "UPDATE trial_user_attributes SET value_json = '{' WHERE key = 'parts'",
        "UPDATE trial_user_attributes SET value_json = 'NaN' WHERE key = 'parts'",
        "UPDATE trial_user_attributes SET key = 'failurf' WHERE key = 'failure'",
    ],
)
def test_a_changed_trial_is_named(tmp_path: Path, statement: str) -> None:
    """Values of study.db with a flipped bit were believed, and its JSON gave tracebacks."""
    path = tmp_path / "study.db"
    assert len(_study(path).trials()) == 4
    _changed(path, statement)
    for read in (lambda: Study(path, GIVEN).trials(), lambda: stored_study(path)):
        with pytest.raises(
            RunFolderError, match=r"study\.db is damaged .*: delete it and run the same command"
        ):
            read()


def test_values_that_are_not_those_of_the_histories_are_told_anew(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A study of another search, whole by its own hashes."""
    config = small(search__candidates=4)
    wanted = run(config, tmp_path / "run")
    path = tmp_path / "run" / "study.db"
    before = [trial.value for trial in stored_study(path).trials]
    study = Study(path, GIVEN)
    told = [(t.params, t.distributions, 9.5, {"suggested_by": "ls, l2"}) for t in study.trials()]
    study.replaced({name: study.attributes[name] for name in study.attributes}, told)
    (tmp_path / "run" / "result.json").unlink()
    assert run(config, tmp_path / "run") == wanted
    assert [trial.value for trial in stored_study(path).trials] == before
    assert "holds other values than the histories" in caplog.text


def test_a_study_that_was_deleted_is_made_anew_without_training(tmp_path: Path) -> None:
    config = small(search__candidates=4)
    wanted = run(config, tmp_path / "run")
    trained = finished(tmp_path / "run")
    for name in ("result.json", "study.db"):
        (tmp_path / "run" / name).unlink()
    assert run(config, tmp_path / "run") == wanted
    assert finished(tmp_path / "run") == trained


def test_a_study_that_another_process_writes_to_is_in_use(tmp_path: Path) -> None:
    """It was said to be out of disk space, where a process was stopped in the middle of a transaction."""
    path = tmp_path / "study.db"
    Study(path, GIVEN).add({}, {}, 1.0, {})
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(RunFolderError, match=r"is in use by another process, which writes to study\.db"):
            stored_study(path)
        other.execute("ROLLBACK")
    assert [trial.value for trial in stored_study(path).trials] == [1.0]
