"""What every sampler promises: its suggestions depend on a seed, a number and what was told alone."""

import math
import sys
import warnings
from pathlib import Path

import optuna
import pytest

from hyperprune.errors import ConfigurationError
from hyperprune.search import PoolConfig, SpaceConfig
from hyperprune.search.asking.chooser import Chooser, Outcome
from hyperprune.search.metrics.early import METRICS
from hyperprune.search.samplers import SAMPLERS, check_installed

NUMBERS = SpaceConfig.model_validate(
    {
        "sparse_init": ["er"],
        "death": ["magnitude"],
        "redistribution": ["none"],
        "death_rate": {"low": 0.1, "high": 0.9},
        "learning_rate": {"low": 0.1, "high": 10.0},
    }
)
NAMES = SpaceConfig()
SPACES = {"cma-es": NUMBERS}  # what else than the space of the paper a sampler is tried on
TRIALS = 9
LEARNING = {"cma-es": 16}  # it learns once a generation of six is complete, the random start left out
# a Gaussian process is fitted anew for each suggestion
QUICK = [pytest.param(name, marks=pytest.mark.slow) if name == "gp" else name for name in SAMPLERS]


def _value(key: str) -> float:
    return sum(map(ord, key)) % 97 / 10


def _play(
    name: str,
    database: Path,
    trials: int = TRIALS,
    *,
    seed: int = 5,
    restart: bool = False,
    batch: int = 1,
    sign: float = 1.0,
    metric: str = "ls",
) -> list[str]:
    """Tell so many trials; a new process for each of them if ``restart``."""
    pool = PoolConfig(sampler=name, startup=4, batch=batch, candidates=trials, metric=metric)

    def chooser_of() -> Chooser:
        return Chooser(database, pool, SPACES.get(name, NAMES), 0.3, seed, METRICS[metric])

    chooser, asked = chooser_of(), []
    for number in range(len(chooser.known()), trials):
        if restart or not asked:
            chooser = chooser_of() if restart else chooser
            asked = chooser.ask()
        suggestion = asked.pop(0)
        value = sign * _value(suggestion.choice.key())
        failed = number == 6
        parts = (value, -value) if metric == "rank" else (value,)
        chooser.tell(Outcome(None if failed else value, None if failed else parts, {}))
    return [known.choice.key() for known in chooser.known()]


@pytest.mark.parametrize("name", SAMPLERS)
def test_the_same_seed_suggests_the_same(name: str, tmp_path: Path) -> None:
    first = _play(name, tmp_path / "a.db")
    assert _play(name, tmp_path / "b.db") == first
    assert _play(name, tmp_path / "c.db", seed=6) != first


@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize("name", QUICK)
def test_killed_before_every_ask_it_suggests_the_same(name: str, batch: int, tmp_path: Path) -> None:
    whole = _play(name, tmp_path / "a.db", batch=batch)
    assert _play(name, tmp_path / "b.db", restart=True, batch=batch) == whole


@pytest.mark.parametrize("name", QUICK)
def test_it_learns_from_values_or_says_that_it_does_not(name: str, tmp_path: Path) -> None:
    trials = LEARNING.get(name, TRIALS)
    plain, turned = (_play(name, tmp_path / f"{sign}.db", trials, sign=sign) for sign in (1.0, -1.0))
    assert plain[:4] == turned[:4]
    assert (plain != turned) == SAMPLERS[name].learns


@pytest.mark.parametrize("name", ["tpe", "cma-es"])
def test_ranks_are_told_anew_and_a_resume_changes_nothing(name: str, tmp_path: Path) -> None:
    whole = _play(name, tmp_path / "a.db", metric="rank", batch=2)
    assert _play(name, tmp_path / "b.db", metric="rank", batch=2, restart=True) == whole


@pytest.mark.parametrize("name", SAMPLERS)
def test_every_argument_is_stored_with_the_study(name: str, tmp_path: Path) -> None:
    _play(name, tmp_path / "a.db", 2)
    study = optuna.load_study(study_name="hyperprune", storage=f"sqlite:///{tmp_path / 'a.db'}")
    stored = study.user_attrs["sampler"]
    assert stored["name"] == name
    assert stored["optuna"] == optuna.__version__
    assert not any("cma" in key for trial in study.trials for key in trial.system_attrs), "no pickle on disk"


def test_the_grid_is_gone_through_once(tmp_path: Path) -> None:
    space = SpaceConfig(death=("set", "magnitude"), death_rate=(0.3, 0.5))
    points = math.prod(len(d.points or ()) for d in space.dimensions)
    assert points == 2 * 2 * 3 * 2
    chooser = Chooser(tmp_path / "a.db", PoolConfig(sampler="grid", candidates=points), space, 0.3, 5)
    assert len({suggestion.choice.key() for suggestion in chooser.ask()}) == points


def test_quasi_random_points_are_even(tmp_path: Path) -> None:
    """After the random first one, each half of every range holds half of 16 points."""
    pool = PoolConfig(sampler="qmc", candidates=17)
    chooser = Chooser(tmp_path / "a.db", pool, NUMBERS, 0.3, 5)
    points = [suggestion.choice for suggestion in chooser.ask()][1:]
    assert sum(point.variant.death_rate < 0.5 for point in points) == 8
    assert sum((point.learning_rate or 0) < 1.0 for point in points) == 8


def test_cma_es_closes_in_on_the_best_region(tmp_path: Path) -> None:
    pool = PoolConfig(sampler="cma-es", startup=1, candidates=40, batch=1)
    chooser = Chooser(tmp_path / "a.db", pool, NUMBERS, 0.3, 5)
    rates = []
    while asked := chooser.ask():
        for suggestion in asked:
            rates.append(suggestion.choice.variant.death_rate)
            value = (rates[-1] - 0.8) ** 2
            chooser.tell(Outcome(value, (value,), {}))
    early, late = (sum(abs(rate - 0.8) for rate in part) / 10 for part in (rates[:10], rates[-10:]))
    assert late < early / 2


@pytest.mark.parametrize(
    ("name", "space", "candidates", "message"),
    [
        ("grid", {"death_rate": {"low": 0.1, "high": 0.5}}, 4, "range without a step"),
        ("grid", {"death_rate": [0.5], "death": ["set"]}, 40, "has 6 points"),
        ("cma-es", {}, 4, "this space has none"),
        ("cma-es", {"death_rate": {"low": 0.1, "high": 0.5}}, 4, "between 2 values"),
        ("qmc", {"method": ["rules", "rigl"]}, 4, "has a condition"),
    ],
)
def test_a_space_that_it_cannot_serve_is_refused(
    name: str, space: dict[str, object], candidates: int, message: str
) -> None:
    with pytest.raises(ConfigurationError, match=message):
        SAMPLERS[name].check(SpaceConfig.model_validate(space), candidates)


@pytest.mark.parametrize("name", ["qmc", "gp", "cma-es"])
def test_a_missing_package_is_named(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for package in ("scipy", "cmaes"):
        monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ConfigurationError, match=r"pip install 'hyperprune\[samplers\]'"):
        check_installed(name, SAMPLERS[name])


@pytest.mark.parametrize("name", QUICK)
def test_no_experimental_warning_reaches_the_user(name: str, tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", optuna.exceptions.ExperimentalWarning)
        _play(name, tmp_path / "study.db")
