"""The yardsticks: what they are, that they are resumed, charged apart and never selected."""

from pathlib import Path

import pytest
from small_search import bits, finished, not_trained_again, small

from hyperprune.reports import cost_sentences, network_rows
from hyperprune.search import RunFolder, SearchConfig, SearchResult, extend, load_timings, run
from hyperprune.search.rounds.controls import CHEAP
from hyperprune.search.rounds.small_dense import as_large_as
from hyperprune.tasks import OwnTask
from hyperprune.training import JobFolder
from hyperprune.training.stored import checkpoint

CONFIG = small(search__candidates=2, recipe__epochs=3, search__first_epochs=1, search__controls=True)


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory) -> tuple[RunFolder, SearchResult]:
    folder = RunFolder(tmp_path_factory.mktemp("controls") / "run")
    return folder, run(CONFIG, folder.path).result


def test_all_yardsticks_stand_beside_dense_and_selected(searched: tuple[RunFolder, SearchResult]) -> None:
    folder, result = searched
    chosen = result.finalists[0].final
    assert chosen is not None
    finals = {control.name: control.final for control in result.controls}
    assert list(finals) == ["one-shot", "small-dense", "gradual", "one-shot-trained", "dense-trained-on"]
    live = {name: final.live for name, final in finals.items() if final is not None}
    for name in ("one-shot", "gradual", "one-shot-trained"):
        assert live[name] == chosen.live, name
    assert abs(live["small-dense"] - chosen.live) < 0.1 * chosen.live  # of four units; one more is too many
    assert live["dense-trained-on"] == result.dense.final.live
    epochs = {control.name: len(control.curve.train_loss) for control in result.controls}
    assert epochs == dict.fromkeys(finals, 3) | {"one-shot": 0}
    rows = [row[0] for row in network_rows(result, load_timings(folder))]
    assert rows[0] == "dense"
    assert rows[-5:] == ["one-shot", "small dense", "gradual", "one-shot, trained", "dense, trained on"]


def test_one_shot_keeps_the_largest_weights_of_each_matrix(searched: tuple[RunFolder, SearchResult]) -> None:
    folder, result = searched
    dense = checkpoint.load(checkpoint.path(folder.dense.path, result.dense.final.best_epoch)).tensors
    pruned = checkpoint.load(checkpoint.path(folder.control("one-shot").path, 0)).tensors
    for name in (name for name in dense if name.startswith("model.") and dense[name].ndim > 1):
        kept = pruned[name] != 0
        assert float(kept.double().mean()) == pytest.approx(0.33, abs=0.01)
        assert dense[name][kept].equal(pruned[name][kept])
        assert float(dense[name][kept].abs().min()) >= float(dense[name][~kept].abs().max())


def test_they_are_charged_apart(searched: tuple[RunFolder, SearchResult]) -> None:
    folder, result = searched
    assert result.cost.controls == 12
    assert result.cost.with_dense == result.cost.search + 3
    timings = load_timings(folder)
    assert timings is not None
    assert set(timings.controls) == {control.name for control in result.controls}
    assert any("The yardsticks took 12 epochs more" in line for line in cost_sentences(result, timings))


def test_an_interrupted_search_trains_them_on(
    searched: tuple[RunFolder, SearchResult], tmp_path: Path
) -> None:
    """Killed while one of them trained: the others are read, that one goes on, the bytes are the same."""
    folder, _ = searched
    wanted, before = bits(folder.path), finished(folder.path)
    controls = [JobFolder(folder.path / "controls" / name) for name in ("small-dense", "gradual")]
    times = {job.path: job.spectrum_path(3).stat().st_mtime_ns for job in controls}
    (folder.path / "result.json").unlink()
    last = checkpoint.path(controls[1].path, 3)
    last.unlink()
    last.with_suffix(".json").unlink()
    run(CONFIG, folder.path)
    assert bits(folder.path) == wanted
    assert not_trained_again(before, folder.path)
    assert controls[0].spectrum_path(3).stat().st_mtime_ns == times[controls[0].path]
    assert controls[1].spectrum_path(3).stat().st_mtime_ns > times[controls[1].path]


@pytest.mark.parametrize("live", [3000, 12_000, 60_000])
def test_a_small_dense_network_of_as_many_weights(live: int) -> None:
    config: SearchConfig = small(model__hidden=64, model__embedding=64)
    task = as_large_as(config.described, config.recipe, live)
    assert task is not None
    network = task.open(config.recipe).network()
    assert sum(p.numel() for p in network.parameters()) == pytest.approx(live, rel=0.06)


def test_a_task_without_smaller_has_no_small_dense_network() -> None:
    assert OwnTask(object="tiny_tasks:Tiny").smaller(0.5) is None


def test_cheap_ones_alone_by_default(tmp_path: Path) -> None:
    """A small dense network costs a third of the dense one: much beside two candidates, not beside nine."""
    few, many = small(search__candidates=2), small(search__candidates=9)
    share = 0.35 * few.recipe.epochs
    assert share > CHEAP * few.planned.with_dense
    assert share <= CHEAP * many.planned.with_dense
    result = run(small(search__candidates=2, recipe__epochs=3), tmp_path / "run")
    assert [control.name for control in result.controls] == ["one-shot"]


def test_an_extension_makes_anew_what_depends_on_what_it_changed(tmp_path: Path) -> None:
    """The dense network's best epoch is another one after more epochs, and so is what is pruned from it."""
    slow = {"recipe__learning_rate": 0.5}  # so that every epoch is better than the one before
    run(small(search__candidates=2, recipe__epochs=2, search__first_epochs=1, **slow), tmp_path / "run")
    folder = RunFolder(tmp_path / "run")
    before = folder.finished()
    extend(folder.path, {"recipe.epochs": 3, "search.tolerance": 0.5})
    after = folder.finished()
    assert after.dense.final.best_epoch > before.dense.final.best_epoch
    (old,), (new,) = before.controls, after.controls
    assert old.final is not None
    assert new.final is not None
    assert new.final.weights_sha256 != old.final.weights_sha256
    assert new.final.live == old.final.live
    assert after.verdict is not None
    assert after.verdict.tolerance == 0.5
