"""Suggestions are a function of what was told and of the number."""

from pathlib import Path

import optuna
import pytest

from hyperprune.search import PoolConfig, SpaceConfig
from hyperprune.search.asking.chooser import Chooser, Outcome, Suggestion

POOL = PoolConfig(startup=3)
SPACE = SpaceConfig()


def _value(text: str) -> float:
    """A metric that depends on the variant alone."""
    return sum(map(ord, text)) % 97 / 10


def _play(database: Path, trials: int, pool: PoolConfig = POOL, restart: bool = False) -> list[str]:
    """Tell so many trials, in batches; the process ends before each of them if ``restart``."""
    chooser = Chooser(database, pool, SPACE, 0.3, seed=5)
    asked: list[Suggestion] = []
    for number in range(len(chooser.known()), trials):
        if restart or not asked:
            chooser = Chooser(database, pool, SPACE, 0.3, seed=5)
            asked = chooser.ask()
        suggestion = asked.pop(0)
        assert suggestion.number == number
        failed = number == 4
        value = None if failed else _value(suggestion.choice.key())
        chooser.tell(Outcome(value, None if value is None else (value,), suggestion.choice.to_dict()))
    return [known.choice.key() for known in chooser.known()]


@pytest.mark.parametrize("batch", [1, 4, 5])
@pytest.mark.parametrize("sampler", ["tpe", "random"])
def test_a_restart_before_every_ask_changes_nothing(tmp_path: Path, sampler: str, batch: int) -> None:
    pool = PoolConfig.model_validate({"startup": 3, "sampler": sampler, "batch": batch})
    whole = _play(tmp_path / "a.db", 12, pool)
    _play(tmp_path / "b.db", 5, pool)
    assert _play(tmp_path / "b.db", 12, pool, restart=True) == whole


def test_asked_but_never_told_leaves_no_trace(tmp_path: Path) -> None:
    chooser = Chooser(tmp_path / "a.db", POOL, SPACE, 0.3, seed=5)
    first = chooser.ask()
    again = Chooser(tmp_path / "a.db", POOL, SPACE, 0.3, seed=5)
    assert again.known() == []
    assert again.ask() == first


def test_a_batch_is_told_before_the_next_is_asked(tmp_path: Path) -> None:
    chooser = Chooser(tmp_path / "a.db", POOL, SPACE, 0.3, seed=5)
    assert [suggestion.number for suggestion in chooser.ask()] == [0, 1, 2]
    with pytest.raises(ValueError, match="tell the others"):
        chooser.ask()


def test_a_batch_changes_what_tpe_suggests_but_not_the_random_start(tmp_path: Path) -> None:
    plays = [_play(tmp_path / f"{size}.db", 20, PoolConfig(startup=6, batch=size)) for size in (1, 4, 20)]
    assert plays[0][:6] == plays[1][:6] == plays[2][:6]
    assert len({tuple(play) for play in plays}) == 3


def test_a_sampler_that_learns_nothing_suggests_the_same_in_any_batch(tmp_path: Path) -> None:
    pools = [PoolConfig(sampler="random", batch=size) for size in (1, 7)]
    assert _play(tmp_path / "1.db", 15, pools[0]) == _play(tmp_path / "7.db", 15, pools[1])


def test_a_larger_pool_goes_on_as_if_it_had_been_so_large(tmp_path: Path) -> None:
    """The smaller pool ends in the middle of a batch."""
    small = PoolConfig(startup=3, candidates=9)
    _play(tmp_path / "a.db", 9, small)
    large = PoolConfig(startup=3, candidates=14)
    assert _play(tmp_path / "a.db", 14, large) == _play(tmp_path / "b.db", 14, large)


def test_failed_trials_are_told_as_failed(tmp_path: Path) -> None:
    _play(tmp_path / "a.db", 6)
    study = optuna.load_study(study_name="hyperprune", storage=f"sqlite:///{tmp_path / 'a.db'}")
    assert [t.state.name for t in study.trials] == ["COMPLETE"] * 4 + ["FAIL", "COMPLETE"]
    assert study.user_attrs["sampler"]["arguments"]["multivariate"] is True


def test_tpe_learns_from_what_it_is_told(tmp_path: Path) -> None:
    """After random ones, suggestions lean to the death rule that was told to be good."""
    chooser = Chooser(tmp_path / "a.db", PoolConfig(startup=8), SPACE, 0.3, seed=5)
    while asked := chooser.ask():
        for suggestion in asked:
            value = 0.0 if suggestion.choice.variant.death == "set" else 1.0
            chooser.tell(Outcome(value, (value,), {}))
    late = [known.choice.variant.death for known in chooser.known()[20:]]
    assert late.count("set") > 10
