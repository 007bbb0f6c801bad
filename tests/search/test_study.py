"""study.db: whole or not there, in a folder of any name, and told apart from others."""

from pathlib import Path

import optuna
import pytest

from hyperprune.search.rounds.study import Study, stored_study

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
