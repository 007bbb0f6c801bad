"""``hyperprune.load``: tables and networks of a run."""

import shutil
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

import hyperprune
from hyperprune.errors import ConfigurationError, RunFolderError
from hyperprune.search import PoolConfig, configure, configure_training, run
from hyperprune.search.runs import SearchRun
from hyperprune.tasks import Recipe
from hyperprune.training import train
from hyperprune.training.training_run import TrainingRun

SMALL: dict[str, Any] = {
    "corpus.max_train_tokens": 2000,
    "corpus.max_vocabulary": 100,
    "model.embedding": 8,
    "model.hidden": 10,
    "recipe.epochs": 3,
    "recipe.learning_rate": 5.0,
}


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory) -> SearchRun:
    folder = tmp_path_factory.mktemp("load") / "run"
    values = {**SMALL, "search.candidates": 6, "space.death": ["set"], "space.death_rate": [0.5]}
    run(configure("python-docs", None, values), folder)
    loaded = hyperprune.load(folder)
    assert isinstance(loaded, SearchRun)
    return loaded


def test_tables_hold_what_the_result_holds(searched: SearchRun) -> None:
    result = searched.result
    rows = searched.rows()
    assert [row["number"] for row in rows] == list(range(6))
    assert [row["standing"] for row in rows].count("selected") == 1
    selected = next(row for row in rows if row["standing"] == "selected")
    assert selected["number"] == result.selected
    assert selected["death"] == "set"
    assert selected["best_valid_score"] == result.finalists[0].final.valid_score  # type: ignore[union-attr]
    dense = [row for row in searched.rows("epochs") if row["candidate"] is None]
    assert tuple(row["valid_score"] for row in dense) == result.dense.curve.valid_score
    assert all(row["ls_distance"] is None for row in dense)
    first = [row for row in searched.rows("rounds") if row["round"] == 0]
    assert tuple(row["candidate"] for row in first) == result.rounds[0].ranking
    assert tuple(row["candidate"] for row in first if row["promoted"]) == result.rounds[0].promoted


def test_networks_are_the_selected_the_dense_and_any_candidate(searched: SearchRun) -> None:
    selected, dense = searched.network(), searched.network(dense=True)
    zeros = [float((p == 0).float().mean()) for p in (selected.decoder.weight, dense.decoder.weight)]
    assert zeros[0] > 0.5
    assert zeros[1] == 0
    number = searched.result.selected
    again = searched.network(number)
    assert torch.equal(again.decoder.weight, selected.decoder.weight)
    duplicate = next(c for c in searched.result.candidates if c.duplicate_of is not None)
    twin, original = searched.network(duplicate.number), searched.network(duplicate.duplicate_of)
    assert torch.equal(twin.decoder.weight, original.decoder.weight)
    assert torch.equal(
        searched.spectrum(1, duplicate.number).mean, searched.spectrum(1, duplicate.duplicate_of).mean
    )
    assert searched.spectrum(3).layer_sizes == (10, 10)


def test_a_frame_is_what_was_asked_for_or_an_error(
    searched: SearchRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ConfigurationError, match=r"pip install 'hyperprune\[pandas\]', or take rows"):
        searched.frame()
    stand_in = SimpleNamespace(DataFrame=lambda rows: ("frame", rows))
    monkeypatch.setitem(sys.modules, "pandas", stand_in)
    assert searched.frame("rounds") == ("frame", searched.rows("rounds"))


def test_run_and_load_give_the_same(searched: SearchRun) -> None:
    again = run(searched.config, searched.path)
    assert type(again) is type(searched)
    assert again == searched
    assert again == searched.result
    assert (again.path, again.config) == (searched.path, searched.config)
    assert (again.selected, again.candidates, again.dense) == (
        searched.result.selected,
        searched.result.candidates,
        searched.result.dense,
    )
    assert again.rounds == searched.result.rounds, "what the result has, the run has"
    with pytest.raises(AttributeError, match="'lod'"):
        again.lod  # noqa: B018
    assert again.report() == searched.path / "report.html"


def test_a_run_extends_itself(searched: SearchRun, tmp_path: Path) -> None:
    path = Path(shutil.copytree(searched.path, tmp_path / "run"))
    longer = hyperprune.load(path).extend({"search.candidates": 7})  # type: ignore[union-attr]
    assert [len(searched.candidates), len(longer.candidates)] == [6, 7]


def test_groups_say_what_dotted_names_say() -> None:
    dotted = configure("python-docs", values={"sparsity": 0.8, "search.candidates": 6, "recipe.epochs": 20})
    assert (
        configure("python-docs", sparsity=0.8, search={"candidates": 6}, recipe=Recipe(epochs=20)) == dotted
    )
    assert (
        configure("python-docs", search=PoolConfig(candidates=6), sparsity=0.8, recipe={"epochs": 20})
        == dotted
    )
    own = configure_training("python-docs", recipe={"epochs": 20}, variant={"death": "set"})
    assert (own.recipe.epochs, own.variant.death) == (20, "set")
    with pytest.raises(ConfigurationError, match=r"recipe\.epoch"):
        configure("python-docs", recipe={"epoch": 20})


def test_top_level_names_are_those_that_the_package_lists() -> None:
    assert set(hyperprune.__all__) <= set(dir(hyperprune))
    for name in hyperprune.__all__:
        assert getattr(hyperprune, name) is not None
    assert hyperprune.run is run


def test_training_run(tmp_path: Path) -> None:
    config = configure_training("python-docs", None, {**SMALL, "variant.death": "set"})
    result = train(config, tmp_path / "run")
    loaded = hyperprune.load(tmp_path / "run")
    assert isinstance(loaded, TrainingRun)
    assert loaded.result == result
    assert loaded.config.variant.death == "set"
    assert [row["epoch"] for row in loaded.rows()] == [1, 2, 3]
    live = sum(int(p.count_nonzero()) for p in loaded.network().parameters() if p.dim() > 1)
    assert live <= result.live


def test_other_folders_are_refused(tmp_path: Path, searched: SearchRun) -> None:
    with pytest.raises(RunFolderError, match="not a run folder"):
        hyperprune.load(tmp_path)
    with pytest.raises(RunFolderError, match="there is no candidate 6: give a number from 0 to 5"):
        searched.spectrum(1, 6)
    with pytest.raises(AttributeError, match="no attribute 'lod'"):
        hyperprune.lod  # noqa: B018


def test_a_checkpoint_that_makes_way_for_a_better_one_is_found_again(
    searched: SearchRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A search that trains deletes the best checkpoint once a better one stands."""
    from hyperprune.search.results import find as finding

    plain, gone = finding.find, []

    def deleted_meanwhile(*given: Any, **named: Any) -> Any:
        found = plain(*given, **named)
        if len(gone) < 2:
            gone.append(1)
            return finding.Trained(tmp_path / "epoch-0001.safetensors", found.config)
        return found

    monkeypatch.setattr(finding, "find", deleted_meanwhile)
    assert searched.network() is not None
    assert len(gone) == 2


@pytest.mark.parametrize("level", ["word", "character"])
def test_a_network_comes_with_its_vocabulary_and_reads_text(tmp_path: Path, level: str) -> None:
    """Whoever opened a network had no way from words to its numbers and back."""
    from hyperprune.corpora import load as load_corpus
    from hyperprune.errors import ConfigurationError
    from hyperprune.search import configure_training, find
    from hyperprune.training import TrainingRun, load_network, train

    sizes = {"corpus.max_train_tokens": 1500, "model.hidden": 6, "model.embedding": 6, "recipe.epochs": 1}
    config = configure_training("python-docs", None, {**sizes, "corpus.level": level})
    train(config, tmp_path / "run")
    network = TrainingRun(tmp_path / "run").network()
    types = load_corpus(config.corpus).vocabulary.types
    assert network.text.vocabulary.types == types
    assert network.text.level == level
    tokens = [name for name in types if name not in ("<eos>", "<unk>", "\n")][:4]
    line = ("" if level == "character" else " ").join(tokens)
    numbers = network.text.encode(line)
    has_ends = "<eos>" in types
    ends = [types.index("<eos>")] if has_ends else []
    assert numbers.tolist() == [*(types.index(token) for token in tokens), *ends]
    assert network.text.decode(numbers) == line + "\n" * has_ends
    scores, _ = network(numbers[:, None])
    assert scores.shape == (4 + has_ends, 1, len(types))
    if "<unk>" in types:
        assert types[network.text.encode("\u2603")[0]] == "<unk>"
    else:
        with pytest.raises(ConfigurationError, match="has never seen"):
            network.text.encode("\u2603")
    for again in (find(tmp_path / "run").load(), load_network(find(tmp_path / "run").weights)):
        assert again.text == network.text
    with pytest.raises(ConfigurationError, match="token numbers lie between 0 and"):
        network.text.decode([len(types)])
