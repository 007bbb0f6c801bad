"""What a baseline may spend, and what it keeps of the search that it stands beside."""

import pytest

from hyperprune.errors import ConfigurationError, UnknownNameError
from hyperprune.search import configure
from hyperprune.search.config.baselines import BASELINES


@pytest.mark.parametrize("name", [name for name in BASELINES if name != "exhaustive"])
@pytest.mark.parametrize("preset", ["python-docs", "ptb-lstm"])
def test_it_spends_what_the_search_spends_and_hardly_less(name: str, preset: str) -> None:
    search, found = configure(preset), configure(preset, baseline=name)
    assert search.charged_epochs == search.planned.search + search.recipe.epochs
    assert 0 <= search.charged_epochs - found.charged_epochs < search.recipe.epochs
    assert found.charged_epochs == found.planned.search, "the baseline needs no dense reference"
    assert (found.search.sampler, found.search.metric) == ("random", "loss")


def test_exhaustive_suggests_what_the_search_suggests() -> None:
    search, found = configure("python-docs"), configure("python-docs", baseline="exhaustive")
    assert found.search == search.search.model_copy(update={"plan": "full"})
    assert found.planned.search == 8 * 8


def test_several_seeds_cost_as_many_trainings() -> None:
    found = configure("python-docs", None, {"search.seeds": 2}, baseline="random")
    assert (
        found.search.candidates * 2 * 8 <= configure("python-docs", None, {"search.seeds": 2}).charged_epochs
    )


def test_what_the_user_gives_for_the_baseline_stands() -> None:
    given = {"search.sampler": "tpe", "search.metric": "ls"}
    found = configure("python-docs", None, given, baseline="halving", budget=60)
    assert (found.search.sampler, found.search.metric) == ("tpe", "ls")
    assert found.planned.search <= 60


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="exhaustive, halving, hyperband, random"):
        configure("python-docs", baseline="asha")
    with pytest.raises(ConfigurationError, match="leave --budget out"):
        configure("python-docs", baseline="exhaustive", budget=50)
    with pytest.raises(ConfigurationError, match="give --budget 8"):
        configure("python-docs", baseline="random", budget=7)
    with pytest.raises(ConfigurationError, match="give --baseline too"):
        configure("python-docs", budget=50)
    with pytest.raises(ConfigurationError, match="measured at different epochs"):
        configure("python-docs", None, {"search.sampler": "tpe"}, baseline="hyperband")
