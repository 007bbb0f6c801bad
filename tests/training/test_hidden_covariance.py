"""Covariance of hidden states as an early metric: closed forms, and searches that are ranked by it."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from small_search import bits, small

from hyperprune.errors import ConfigurationError
from hyperprune.papers import SERIANNI_KALITA_2023
from hyperprune.search import RunFolder, extend, papers, run
from hyperprune.training.measuring.hidden_covariance import covariance_score

K = 1e-5


def test_equal_states_score_worst_and_uncorrelated_ones_best() -> None:
    alike = torch.randn(8, generator=torch.Generator().manual_seed(0)).expand(5, 8)
    values = [5 + K, K, K, K, K]
    assert covariance_score(alike) == pytest.approx(sum(math.log(v) + 1 / v for v in values), rel=1e-3)
    apart = torch.tensor([[1.0, -1, 1, -1], [1.0, 1, -1, -1], [1.0, -1, -1, 1]])
    assert covariance_score(apart) == pytest.approx(3 * (math.log(1 + K) + 1 / (1 + K)), rel=1e-9)


def test_against_numpy() -> None:
    hidden = torch.randn(6, 11, dtype=torch.float64, generator=torch.Generator().manual_seed(3))
    values = np.linalg.eigvalsh(np.corrcoef(hidden.numpy())) + K
    assert covariance_score(hidden) == pytest.approx(float((np.log(values) + 1 / values).sum()), rel=1e-10)


def test_a_state_without_variance_correlates_with_none() -> None:
    hidden = torch.randn(3, 6, generator=torch.Generator().manual_seed(0))
    hidden[1] = 0
    assert math.isfinite(covariance_score(hidden))


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    folder = RunFolder(tmp_path_factory.mktemp("covariance") / "run")
    run(small(search__metric="covariance"), folder.path)
    return folder


def test_a_search_ranks_by_it(searched: RunFolder) -> None:
    result = searched.finished()
    first = result.rounds[0]
    assert list(first.metric) == sorted(first.metric)
    for number, value in zip(first.ranking, first.metric, strict=True):
        assert searched.candidate(number).history().until(first.until).covariance == value
    assert searched.dense.history().covariance is None, "of candidates alone"
    assert SERIANNI_KALITA_2023 in papers(searched.config())
    assert SERIANNI_KALITA_2023 not in papers(small())


def test_it_does_not_change_what_is_trained(searched: RunFolder, tmp_path: Path) -> None:
    run(small(), tmp_path / "run")
    plain = RunFolder(tmp_path / "run").candidate(0).history().epochs[0]
    own = searched.candidate(0).history().epochs[0]
    assert plain == own.model_copy(update={"covariance": None})


def test_untrained_networks_and_several_workers(tmp_path: Path) -> None:
    changes = {"search__metric": "covariance", "search__first_epochs": 0, "search__candidates": 5}
    run(small(**changes), tmp_path / "one")
    run(small(**changes, runtime__workers=2), tmp_path / "two")
    assert bits(tmp_path / "one") == bits(tmp_path / "two")
    folder = RunFolder(tmp_path / "one")
    first = folder.finished().rounds[0]
    initial = [folder.candidate(number).initial() for number in first.ranking]
    assert [one.covariance for one in initial if one] == list(first.metric)


def test_a_run_that_was_ranked_otherwise_does_not_have_it(tmp_path: Path) -> None:
    run(small(search__candidates=4), tmp_path / "run")
    before = bits(tmp_path / "run")
    with pytest.raises(ConfigurationError, match="this run was ranked by ls: start a new run"):
        extend(tmp_path / "run", {"search.metric": "covariance"})
    assert bits(tmp_path / "run") == before


def test_too_few_sequences_are_refused_before_training(tmp_path: Path) -> None:
    changes = {"corpus__max_evaluation_tokens": 300, "search__metric": "covariance"}
    with pytest.raises(ConfigurationError, match="the metric covariance takes 40 sequences"):
        run(small(**changes), tmp_path / "run")
