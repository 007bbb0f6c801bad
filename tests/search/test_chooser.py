"""Suggestions are a function of what was told and of the number."""

from pathlib import Path

import optuna
import pytest

from hyperprune.search import PoolConfig, SpaceConfig
from hyperprune.search.chooser import Chooser

POOL = PoolConfig(startup=3)
SPACE = SpaceConfig()


def _value(text: str) -> float:
    """A metric that depends on the variant alone."""
    return sum(map(ord, text)) % 97 / 10


def _play(database: Path, trials: int, pool: PoolConfig = POOL, restart: bool = False) -> list[str]:
    chooser = Chooser(database, pool, SPACE, 0.3, seed=5)
    for number in range(len(chooser.known()), trials):
        if restart:
            chooser = Chooser(database, pool, SPACE, 0.3, seed=5)
        variant = chooser.ask()
        failed = number == 4
        chooser.tell(None if failed else _value(variant.key()), {"variant": variant.to_dict()})
    return [known.variant.key() for known in chooser.known()]


@pytest.mark.parametrize("sampler", ["tpe", "random"])
def test_a_restart_before_every_ask_changes_nothing(tmp_path: Path, sampler: str) -> None:
    pool = PoolConfig.model_validate({"startup": 3, "sampler": sampler})
    whole = _play(tmp_path / "a.db", 12, pool)
    _play(tmp_path / "b.db", 5, pool)
    assert _play(tmp_path / "b.db", 12, pool, restart=True) == whole


def test_asked_but_never_told_leaves_no_trace(tmp_path: Path) -> None:
    chooser = Chooser(tmp_path / "a.db", POOL, SPACE, 0.3, seed=5)
    first = chooser.ask()
    again = Chooser(tmp_path / "a.db", POOL, SPACE, 0.3, seed=5)
    assert again.known() == []
    assert again.ask() == first


def test_failed_trials_are_told_as_failed(tmp_path: Path) -> None:
    _play(tmp_path / "a.db", 6)
    study = optuna.load_study(study_name="hyperprune", storage=f"sqlite:///{tmp_path / 'a.db'}")
    assert [t.state.name for t in study.trials] == ["COMPLETE"] * 4 + ["FAIL", "COMPLETE"]
    assert study.user_attrs["sampler"]["arguments"]["multivariate"] is True


def test_tpe_learns_from_what_it_is_told(tmp_path: Path) -> None:
    """After random ones, suggestions lean to the death rule that was told to be good."""
    chooser = Chooser(tmp_path / "a.db", PoolConfig(startup=8), SPACE, 0.3, seed=5)
    for _ in range(40):
        variant = chooser.ask()
        chooser.tell(0.0 if variant.death == "set" else 1.0, {})
    late = [known.variant.death for known in chooser.known()[20:]]
    assert late.count("set") > 10
