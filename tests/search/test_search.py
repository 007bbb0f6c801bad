"""What a search decides, seen from its result."""

import math
from pathlib import Path

import optuna
import pytest

from hyperprune.search import RunFolder, SearchResult, configure, run
from hyperprune.training import JobFolder
from hyperprune.training.evaluation import load_network

SMALL = {
    "corpus.max_train_tokens": 2000,
    "corpus.max_vocabulary": 100,
    "model.embedding": 8,
    "model.hidden": 10,
    "recipe.epochs": 4,
    "recipe.learning_rate": 5.0,
    "spectrum.batch": 2,
    "spectrum.steps": 6,
    "spectrum.warmup": 2,
    "search.candidates": 10,
    "search.startup": 4,
    "space.death_rate": [0.2, 0.8],
    "space.death": ["magnitude"],
}


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory) -> tuple[RunFolder, SearchResult]:
    folder = tmp_path_factory.mktemp("search") / "run"
    return RunFolder(folder), run(configure("python-docs", None, SMALL), folder)


def test_duplicates_are_not_trained_twice(searched: tuple[RunFolder, SearchResult]) -> None:
    """Ten suggestions of eight variants: at least two repeat an earlier one."""
    folder, result = searched
    twins = [c for c in result.candidates if c.duplicate_of is not None]
    assert len(twins) >= 2
    for twin in twins:
        assert twin.duplicate_of is not None
        original = result.candidates[twin.duplicate_of]
        assert twin.variant == original.variant
        assert twin.pool_metric == original.pool_metric
        assert not folder.candidate(twin.number).path.exists()
    distinct = [str(c.variant) for c in result.candidates if c.duplicate_of is None]
    assert len(distinct) == len(set(distinct))


def test_rounds_halve_and_finalists_have_the_full_budget(searched: tuple[RunFolder, SearchResult]) -> None:
    _, result = searched
    for ranking in result.rounds:
        assert list(ranking.metric) == sorted(ranking.metric)
        size = len(ranking.ranking)
        assert len(ranking.promoted) == (size if size <= 2 else -(-size // 2))
        assert ranking.promoted == ranking.ranking[: len(ranking.promoted)]
    assert len(result.finalists) == 2
    for candidate in result.finalists:
        assert len(candidate.curve.train_loss) == 4
    assert {c.number for c in result.finalists} == set(result.rounds[-1].promoted)


def test_the_better_finalist_by_its_best_epoch_is_selected(searched: tuple[RunFolder, SearchResult]) -> None:
    _, result = searched
    best = min(result.finalists, key=lambda c: min(c.curve.valid_score))
    assert result.selected == best.number
    for candidate in result.finalists:
        assert candidate.final is not None
        assert candidate.final.valid_score == min(candidate.curve.valid_score)


def test_cost_counts_every_trained_epoch_once(searched: tuple[RunFolder, SearchResult]) -> None:
    _, result = searched
    trained = sum(len(c.curve.train_loss) for c in result.candidates if c.duplicate_of is None)
    distinct = sum(c.duplicate_of is None for c in result.candidates)
    assert result.cost.search == trained
    assert result.cost.with_dense == trained + 4
    assert result.cost.exhaustive == 4 * distinct


def test_study_holds_every_trial_in_order(searched: tuple[RunFolder, SearchResult]) -> None:
    folder, result = searched
    study = optuna.load_study(study_name="hyperprune", storage=f"sqlite:///{folder.database}")
    assert [t.value for t in study.trials] == [c.pool_metric for c in result.candidates]
    assert [t.number for t in study.trials] == list(range(10))


def test_sparse_weights_have_the_exact_count(searched: tuple[RunFolder, SearchResult]) -> None:
    folder, result = searched
    chosen = result.finalists[0]
    assert chosen.final is not None
    network = load_network(folder.path / chosen.final.weights)
    matrices = [p for p in network.parameters() if p.dim() >= 2]
    total = sum(p.numel() for p in matrices)
    live = sum(int(p.count_nonzero()) for p in matrices)
    assert live <= math.floor(0.33 * total + 0.5)
    assert live > 0.9 * math.floor(0.33 * total + 0.5)
    assert abs(chosen.final.density - 0.33) <= 0.5 / total
    assert chosen.final.live == math.floor(0.33 * total + 0.5) + sum(
        p.numel() for p in network.parameters() if p.dim() == 1
    )


def test_dense_and_candidates_start_from_the_same_dense_weights(tmp_path: Path) -> None:
    """A candidate that keeps every weight and changes no mask is the dense network."""
    values = {
        **SMALL,
        "sparsity": 0.0,
        "search.candidates": 1,
        "space.death_rate": [0.0],
        "recipe.epochs": 2,
    }
    result = run(configure("python-docs", None, values), tmp_path / "run")
    (only,) = result.candidates
    assert only.curve.valid_score == result.dense.curve.valid_score
    assert only.curve.ls_distance == (0.0, 0.0)


def test_loss_metric_ranks_by_validation_loss(tmp_path: Path) -> None:
    result = run(configure("python-docs", None, {**SMALL, "search.metric": "loss"}), tmp_path / "run")
    first = result.rounds[0]
    perplexities = [result.candidates[n].curve.valid_score[0] for n in first.ranking]
    assert perplexities == sorted(perplexities)


def test_diverging_candidate_is_recorded_with_its_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Candidate 1's weights are poisoned in its second epoch, the others go on."""
    from hyperprune.training import epoch as training_epoch

    finite = training_epoch.finite_loss
    poisoned: list[str] = []

    def poison(loss: float, progress: object, step: int) -> float:
        if getattr(progress, "label", "") == "candidate 1":
            poisoned.append("x")
            return finite(float("nan"), progress, step)  # type: ignore[arg-type]
        return finite(loss, progress, step)  # type: ignore[arg-type]

    monkeypatch.setattr(training_epoch, "finite_loss", poison)
    result = run(configure("python-docs", None, SMALL), tmp_path / "run")
    failed = result.candidates[1]
    assert poisoned
    assert failed.standing == "failed"
    assert "became nan in epoch 1" in str(failed.failure)
    assert failed.pool_metric is None
    assert 1 in result.rounds[0].failed
    assert result.selected is not None
    study = optuna.load_study(study_name="hyperprune", storage=f"sqlite:///{tmp_path / 'run' / 'study.db'}")
    assert study.trials[1].state == optuna.trial.TrialState.FAIL


def test_last_two_and_best_checkpoints_are_kept(searched: tuple[RunFolder, SearchResult]) -> None:
    folder, result = searched
    job: JobFolder = folder.dense
    kept = {int(p.stem.split("-")[1]) for p in job.path.glob("epoch-*.safetensors")}
    assert kept == {3, 4, result.dense.final.best_epoch}
