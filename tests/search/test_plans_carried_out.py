"""Searches under other plans, seeds, spaces and metrics, seen from their results."""

from pathlib import Path

import pytest

from hyperprune.search import RunFolder, SearchConfig, SearchResult, compare, configure, run
from hyperprune.search.results.folder import RunFolder as Folder
from hyperprune.training import TrainConfig, train

SMALL = {
    "corpus.max_train_tokens": 1200,
    "corpus.max_vocabulary": 60,
    "model.embedding": 6,
    "model.hidden": 8,
    "recipe.epochs": 4,
    "recipe.learning_rate": 5.0,
    "spectrum.batch": 2,
    "spectrum.steps": 5,
    "spectrum.warmup": 2,
    "search.candidates": 5,
    "search.startup": 2,
    "space.death_rate": [0.2, 0.8],
    "space.death": ["magnitude"],
}


def _config(values: dict[str, object], **kwargs: object) -> SearchConfig:
    return configure("python-docs", None, {**SMALL, **values}, **kwargs)  # type: ignore[arg-type]


def _bits(folder: Path) -> dict[str, bytes]:
    kept = [folder / "result.json", *sorted(folder.rglob("*.safetensors"))]
    return {str(path.relative_to(folder)): path.read_bytes() for path in kept}


class Killed(BaseException):
    """Stands for a process that ends here."""


def _interrupted(config: SearchConfig, folder: Path, after: int) -> SearchResult:
    left = after

    def listen(_: object) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            raise Killed

    with pytest.raises(Killed):
        run(config, folder, listener=listen)
    return run(config, folder)


@pytest.fixture(scope="module")
def exhaustive(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, SearchResult]:
    folder = tmp_path_factory.mktemp("exhaustive") / "exhaustive"
    return folder, run(_config({}, baseline="exhaustive"), folder)


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, SearchResult]:
    folder = tmp_path_factory.mktemp("plain") / "plain"
    return folder, run(_config({}), folder)


def test_the_exhaustive_baseline_trains_the_same_candidates_to_the_end(
    plain: tuple[Path, SearchResult], exhaustive: tuple[Path, SearchResult]
) -> None:
    (_, search), (_, everyone) = plain, exhaustive
    assert [c.variant for c in everyone.candidates] == [c.variant for c in search.candidates]
    assert [c.pool_metric for c in everyone.candidates] == [c.pool_metric for c in search.candidates]
    distinct = [c for c in everyone.candidates if c.duplicate_of is None]
    assert all(c.final is not None and len(c.curve.train_loss) == 4 for c in distinct)
    for mine in search.finalists:
        assert mine.final is not None
        assert mine.curve == everyone.candidates[mine.number].curve


def test_hyperband_goes_bracket_by_bracket(tmp_path: Path) -> None:
    values = {"search.eta": 2, "search.candidates": 8, "space.death_rate": {"low": 0.1, "high": 0.9}}
    result = run(
        _config({**values, "search.plan": "hyperband", "search.sampler": "random"}), tmp_path / "run"
    )
    assert {ranking.bracket for ranking in result.rounds} == {0, 1, 2}
    for ranking in result.rounds:
        assert list(ranking.metric) == sorted(ranking.metric)
    ends = {c.number: len(c.curve.train_loss) for c in result.candidates}
    assert result.cost.search == sum(ends.values())
    assert {c.number for c in result.finalists} == {number for number, end in ends.items() if end == 4}
    assert len(result.finalists) == 3 or len(result.finalists) == 4


@pytest.mark.slow
def test_a_training_free_pool_ranks_networks_at_initialisation(tmp_path: Path) -> None:
    config = _config({"search.first_epochs": 0})
    result = run(config, tmp_path / "run")
    first = result.rounds[0]
    assert first.until == 0
    distances = [result.candidates[n].initial for n in first.ranking]
    assert [d.ls_distance for d in distances if d is not None] == list(first.metric)
    untrained = [c for c in result.candidates if c.duplicate_of is None and c.number not in first.promoted]
    assert untrained
    assert all(c.curve.train_loss == () for c in untrained)
    _interrupted(config, tmp_path / "again", 9)
    assert _bits(tmp_path / "again") == _bits(tmp_path / "run")


def test_measuring_before_training_changes_no_training(
    tmp_path: Path, plain: tuple[Path, SearchResult]
) -> None:
    result = run(_config({"search.first_epochs": 0}), tmp_path / "run")
    assert result.dense.curve == plain[1].dense.curve


@pytest.mark.slow
def test_several_seeds_rank_by_their_mean_and_show_their_spread(
    tmp_path: Path, plain: tuple[Path, SearchResult]
) -> None:
    config = _config({"search.seeds": 2, "search.candidates": 3})
    result = run(config, tmp_path / "run")
    for candidate in result.candidates:
        first, second = (seed.curve.ls_distance[0] for seed in candidate.seeds)
        assert first != second
        assert candidate.pool_metric == pytest.approx((first + second) / 2)
        assert candidate.pool_spread == pytest.approx(abs(first - second) / 2**0.5)
        assert candidate.curve == candidate.seeds[0].curve
    assert result.candidates[0].curve.valid_score[0] == plain[1].candidates[0].curve.valid_score[0]
    chosen = result.finalists[0]
    assert len(chosen.finals) == 2
    assert chosen.final == min(chosen.finals, key=lambda final: final.valid_score)
    further = Folder(tmp_path / "run").dense_of(1).history()
    assert len(further.epochs) == result.rounds[-1].until, (
        "it trains as far as something is measured against it"
    )
    _interrupted(config, tmp_path / "again", 12)
    assert _bits(tmp_path / "again") == _bits(tmp_path / "run")


def test_a_candidate_with_its_own_learning_rate_is_one_that_train_makes(tmp_path: Path) -> None:
    """The same choices, given to a training alone, end in the same weights."""
    values = {"space.learning_rate": [2.0, 8.0], "space.dropout": {"low": 0.0, "high": 0.5}}
    values |= {"space.sparsity": [0.5, 0.9], "search.candidates": 3}
    config = _config(values)
    result = run(config, tmp_path / "run")
    assert len({(c.overrides["learning_rate"], c.variant["density"]) for c in result.candidates}) > 1
    chosen = result.finalists[0]
    assert chosen.final is not None
    tables = config.model_dump(mode="json", include={"seed", "corpus", "model", "recipe"})
    tables["recipe"]["learning_rate"] = chosen.overrides["learning_rate"]
    tables["model"]["dropout"] = chosen.overrides["dropout"]
    names = ("sparse_init", "death", "growth", "redistribution", "death_rate", "decay", "update_interval")
    tables["variant"] = {name: chosen.variant[name] for name in names}
    tables["sparsity"] = round(1 - chosen.variant["density"], 12)
    alone = train(TrainConfig.model_validate(tables), tmp_path / "alone")
    assert alone.valid_scores == chosen.curve.valid_score


@pytest.mark.slow
def test_the_metric_rank_resumes_to_the_same_bits(tmp_path: Path) -> None:
    config = _config({"search.metric": "rank", "search.loss_weight": 0.3})
    result = run(config, tmp_path / "run")
    assert all(0 < value < 1 for value in result.rounds[0].metric)
    _interrupted(config, tmp_path / "again", 15)
    assert _bits(tmp_path / "again") == _bits(tmp_path / "run")


def test_a_metric_of_the_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fewest live weights by name: the order of the ranking shows that it was asked."""
    (tmp_path / "my_search_metric.py").write_text("def worst(seen):\n    return -seen.valid_loss\n")
    monkeypatch.chdir(tmp_path)
    result = run(_config({"search.metric": "my_search_metric:worst"}), tmp_path / "run")
    first = result.rounds[0]
    scores = [result.candidates[n].curve.valid_score[0] for n in first.ranking]
    assert scores == sorted(scores, reverse=True)


def test_comparison_by_hand(plain: tuple[Path, SearchResult], exhaustive: tuple[Path, SearchResult]) -> None:
    found = compare([plain[0], exhaustive[0]])
    mine, everyone = found.runs
    finals = [c.final.valid_score for c in exhaustive[1].candidates if c.final is not None]
    assert found.best_known == pytest.approx(min(finals))
    assert everyone.regret == pytest.approx(0.0)
    assert mine.valid_score is not None
    assert mine.regret is not None
    assert mine.regret >= 0
    assert (mine.epochs, everyone.epochs) == (plain[1].cost.with_dense, exhaustive[1].cost.with_dense)
    assert found.equal_epochs == mine.epochs
    assert mine.path[-1].epochs == mine.epochs, "the path ends with all that was charged"
    assert mine.path[-1].seconds == pytest.approx(mine.seconds)
    assert [p.valid_score for p in mine.path] == sorted((p.valid_score for p in mine.path), reverse=True)
    assert mine.at_equal_cost == mine.path[-1].valid_score
    distinct = [c for c in exhaustive[1].candidates if c.duplicate_of is None]
    assert len(distinct) >= 4, "below that a rank correlation says nothing"
    assert {row.candidates for row in found.early} == {len(distinct)}


def test_searches_of_other_networks_are_not_compared(
    plain: tuple[Path, SearchResult], tmp_path: Path
) -> None:
    run(_config({"model.hidden": 9, "search.candidates": 1}), tmp_path / "other")
    with pytest.raises(ValueError, match=r"cannot be compared: model.hidden is 8 in the one and 9"):
        compare([plain[0], tmp_path / "other"])


def test_run_folder_of_a_seed() -> None:
    folder = RunFolder(Path("run"))
    assert folder.candidate(3, 2).path == Path("run/candidates/3/seed-2")
    assert folder.dense_of(0) == folder.dense
