"""A finished search extended: nothing is trained twice, and the result is that of a search from nothing."""

import os
import random
import shutil
from pathlib import Path
from typing import Any

import optuna
import pytest
from small_search import families

from hyperprune.errors import ConfigurationError
from hyperprune.search import RunFolder, SearchConfig, SearchResult, configure, extend, run

SMALL: dict[str, Any] = {
    "corpus.max_train_tokens": 2000,
    "corpus.max_vocabulary": 100,
    "model.embedding": 8,
    "model.hidden": 10,
    "recipe.epochs": 4,
    "recipe.learning_rate": 5.0,
    "spectrum.batch": 2,
    "spectrum.steps": 6,
    "spectrum.warmup": 2,
    "search.candidates": 5,
    "search.startup": 3,
}
MORE = {"search.candidates": 8}
LONGER = {"recipe.epochs": 6}


class Killed(BaseException):
    """Stands for a process that ends here."""


def small(**changes: Any) -> SearchConfig:
    return configure("python-docs", None, {**SMALL, **changes})


@pytest.fixture(autouse=True)
def _no_fsync(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waiting for the disk guards against a power cut, which no test here makes."""
    monkeypatch.setattr(os, "fsync", lambda _: None)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("finished") / "run"
    run(small(), folder)
    return folder


@pytest.fixture
def folder(finished: Path, tmp_path: Path) -> RunFolder:
    """A finished search of one's own."""
    shutil.copytree(finished, tmp_path / "run")
    return RunFolder(tmp_path / "run")


def _trained(folder: RunFolder) -> dict[str, int]:
    """When each epoch of each network was measured: a spectrum is written exactly when one is trained."""
    return {str(p.relative_to(folder.path)): p.stat().st_mtime_ns for p in folder.path.rglob("spectrum-*")}


def _result(folder: Path) -> tuple[bytes, bytes]:
    return (folder / "result.json").read_bytes(), (folder / "config.toml").read_bytes()


@pytest.mark.parametrize(
    ("values", "fresh"),
    [
        (MORE, MORE),
        (LONGER, {**LONGER, "recipe.decay_epochs": 4}),
        pytest.param(
            {**MORE, **LONGER}, {**MORE, **LONGER, "recipe.decay_epochs": 4}, marks=pytest.mark.slow
        ),
    ],
)
def test_extended_search_ends_as_one_from_nothing(
    folder: RunFolder, tmp_path: Path, values: dict[str, Any], fresh: dict[str, Any]
) -> None:
    """Bit for bit: the result holds the SHA-256 of the finalists' weights."""
    before, old = _trained(folder), (folder.path / "result.json").read_bytes()
    extend(folder.path, values)
    after = _trained(folder)
    assert {name: after[name] for name in before} == before
    assert len(after) > len(before)
    assert (folder.path / "result-1.json").read_bytes() == old
    run(small(**fresh), tmp_path / "fresh")
    assert _result(folder.path) == _result(tmp_path / "fresh")


def test_another_metric_ranks_the_same_candidates(folder: RunFolder) -> None:
    old = folder.finished()
    before = _trained(folder)
    new = extend(folder.path, {"search.metric": "loss"})
    after = _trained(folder)
    assert {name: after[name] for name in before} == before
    assert [c.variant for c in new.candidates] == [c.variant for c in old.candidates]
    first = new.rounds[0]
    losses = [new.candidates[n].curve.valid_score[0] for n in first.ranking]
    assert losses == sorted(losses)
    assert {c.suggested_by for c in new.candidates} == {"ls, l2"}
    assert {c.suggested_by for c in old.candidates} == {None}


def _study(path: Path) -> list[float | None]:
    study = optuna.load_study(study_name="hyperprune", storage=f"sqlite:///{path}")
    return [trial.value for trial in study.trials]


def test_another_metric_is_told_to_the_optimiser_before_it_suggests_more(folder: RunFolder) -> None:
    old = folder.finished()
    new = extend(folder.path, {"search.metric": "loss", **MORE})
    assert _study(folder.path / "study-1.db") == [c.pool_metric for c in old.candidates]
    assert _study(folder.database) == [c.pool_metric for c in new.candidates]
    assert [c.suggested_by for c in new.candidates] == ["ls, l2"] * 5 + [None] * 3
    # and back: all candidates keep who suggested them
    back = extend(folder.path, {"search.metric": "ls"})
    assert [c.suggested_by for c in back.candidates] == [None] * 5 + ["loss"] * 3
    assert sorted(p.name for p in folder.path.glob("result-*.json")) == ["result-1.json", "result-2.json"]


def test_another_metric_of_the_dense_family_ends_as_a_search_that_had_it(tmp_path: Path) -> None:
    """With a sampler that is told nothing, candidates are the same, so all else is, bit for bit."""
    values = {"dense_start.search.sampler": "random"}
    old = run(families(**values), tmp_path / "run").rounds
    folder = RunFolder(tmp_path / "run")
    before = _trained(folder)
    new = extend(folder.path, {"dense_start.search.metric": "loss"})
    after = _trained(folder)
    assert {name: after[name] for name in before} == before
    fresh = run(families(**values, **{"dense_start.search.metric": "loss"}), tmp_path / "fresh")
    assert new.rounds == fresh.rounds
    assert new.rounds != old
    assert new.selected == fresh.selected
    assert (folder.path / "config.toml").read_bytes() == (tmp_path / "fresh" / "config.toml").read_bytes()
    assert [c.model_copy(update={"suggested_by": None}) for c in new.candidates] == list(fresh.candidates)


@pytest.mark.parametrize("seed", [0, *(pytest.param(n, marks=pytest.mark.slow) for n in (1, 2))])
def test_interrupted_extension_goes_on(
    folder: RunFolder, finished: Path, tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process ends at any file, also while the old result is put aside; the same call goes on."""
    values = {**MORE, **LONGER, "search.metric": "loss"}
    chance = random.Random(seed)
    replace, left = os.replace, [4, 7, chance.randint(9, 40)][seed]

    def end_at(source: Path, target: Path) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            raise Killed
        replace(source, target)

    monkeypatch.setattr(os, "replace", end_at)
    with pytest.raises(Killed):
        extend(folder.path, values)
    monkeypatch.setattr(os, "replace", replace)
    extend(folder.path, values)
    shutil.copytree(finished, tmp_path / "whole")
    extend(tmp_path / "whole", values)
    assert _result(folder.path) == _result(tmp_path / "whole")
    assert (folder.path / "result-1.json").read_bytes() == (finished / "result.json").read_bytes()
    assert not (folder.path / "result-2.json").exists()


def test_the_same_configuration_extends_nothing(folder: RunFolder) -> None:
    before = _result(folder.path)
    result: SearchResult = extend(folder.path, {})
    assert result == folder.finished()
    assert _result(folder.path) == before
    assert not list(folder.path.glob("*-1.*"))


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"search.candidates": 4}, r"search\.candidates is 5 in the run and 4 here: give at least 5"),
        ({"recipe.epochs": 3}, "give at least 4|the rounds train"),
        ({"seed": 3}, "an extension may change search.candidates.* but not seed"),
        ({"model.hidden": 11}, "but not model.hidden, which is 10 in the run and 11 here"),
        ({"search.round_epochs": 2}, "but not search.round_epochs"),
        ({"search.metric": "best"}, "unknown metric 'best'"),
    ],
)
def test_what_cannot_change_is_refused(folder: RunFolder, values: dict[str, Any], says: str) -> None:
    before = _result(folder.path)
    with pytest.raises(ConfigurationError, match=says):
        extend(folder.path, values)
    assert _result(folder.path) == before


def test_default_folder_is_named_by_the_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    config = small(**{"search.candidates": 1, "recipe.epochs": 1})
    result = run(config)
    (made,) = (tmp_path / "runs").iterdir()
    assert made.name == config.digest
    assert run(config) == result
    assert small().digest != config.digest
    assert config.bound().digest == config.digest


def test_a_run_folder_alone_imports_no_metric(folder: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder from elsewhere may name any function; only a user who names it too has it imported."""
    config = folder.path / "config.toml"
    config.write_text(config.read_text().replace('metric = "ls"', 'metric = "foreign_metric:run"'))
    monkeypatch.chdir(folder.path)
    (folder.path / "foreign_metric.py").write_text("raise SystemExit('imported')\n")
    before = (folder.path / "result.json").read_bytes()
    with pytest.raises(ConfigurationError, match="give --metric foreign_metric:run again if you trust it"):
        extend(folder.path, MORE)
    assert (folder.path / "result.json").read_bytes() == before
    assert extend(folder.path, {"search.metric": "loss"}).metric == "loss"


def test_an_extension_interrupted_anywhere_puts_nothing_aside_twice(
    folder: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A kill after the old configuration was put aside, and before the old result went, left -2 files."""
    unlink = Path.unlink

    def killed(self: Path, missing_ok: bool = False) -> None:
        if self.name == "result.json":
            raise Killed
        unlink(self, missing_ok)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", killed)
        with pytest.raises(Killed):
            extend(folder.path, MORE)
    extend(folder.path, MORE)
    assert sorted(path.name for path in folder.path.glob("*-[0-9]*")) == [
        "config-1.toml",
        "result-1.json",
        "study-1.db",
    ]
