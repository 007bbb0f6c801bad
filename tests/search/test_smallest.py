"""How small can it be? From end to end, killed and resumed, and what is refused."""

import os
import random
import shutil
from pathlib import Path
from typing import Any

import pytest
from small_search import families

from hyperprune import files
from hyperprune.errors import ConfigurationError, RunFolderError
from hyperprune.search import (
    ProbeBegan,
    SmallestConfig,
    SmallestRun,
    configure,
    find,
    for_task,
    load,
    run,
    smallest,
)
from hyperprune.search.results.smallest_folder import SmallestFolder
from hyperprune.search.sizing.possible import possible
from hyperprune.search.sizing.shared_dense import share

GRID = (0.3, 0.6, 0.98)


class Ended(BaseException):
    """Stands for a process that ends here."""


def _config(**changes: Any) -> Any:
    """A search whose dense networks may be far worse and still pass, so that the grid is told apart."""
    return families(**{"search.tolerance": 0.05, "dense_start.search.candidates": 4, **changes})


def _bits(path: Path) -> dict[str, bytes]:
    kept = [*path.rglob("result.json"), *path.rglob("probes.json"), *path.rglob("*.safetensors")]
    return {str(entry.relative_to(path)): entry.read_bytes() for entry in sorted(kept)}


@pytest.fixture(autouse=True)
def _no_fsync(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waiting for the disk guards against a power cut, which no test here makes."""
    monkeypatch.setattr(os, "fsync", lambda _: None)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> SmallestRun:
    return smallest(_config(), tmp_path_factory.mktemp("smallest") / "run", grid=GRID)


def test_it_bisects_from_one_dense_network(whole: SmallestRun) -> None:
    result = whole.result
    assert result.probes[0].sparsity == 0.6
    assert len(result.probes) == 2
    assert result.dense_epochs == 4
    dense = [(whole.path / probe.folder / "dense").glob("*.safetensors") for probe in result.probes]
    own = {path.name: path.read_bytes() for path in (whole.path / "dense").glob("*.safetensors")}
    assert own
    assert all(own.items() <= {path.name: path.read_bytes() for path in paths}.items() for paths in dense)


def test_each_answer_follows_from_its_verdict(whole: SmallestRun) -> None:
    for probe in whole.result.probes:
        assert probe.verdict is not None
        assert probe.verdict.low is not None
        within = probe.verdict.low >= -0.05 * whole.result.dense.valid_score
        assert probe.passes == within == (probe.verdict.against_dense in ("better", "level"))
        assert probe.network is not None
        assert probe.network.valid_score == pytest.approx(
            whole.result.dense.valid_score - (probe.verdict.difference or 0.0)
        )
        assert probe.small_dense is not None
        assert abs(probe.small_dense.live - probe.network.live) < 0.5 * probe.network.live


def test_the_test_part_is_read_for_the_chosen_one_alone(whole: SmallestRun) -> None:
    """A search that was tried has no result, which is where test scores stand."""
    result = whole.result
    assert result.chosen is not None
    for probe in result.probes:
        assert (whole.path / probe.folder / "result.json").exists() == (probe is result.chosen)
    assert result.confirmed is not None
    chosen = whole.chosen.result
    assert chosen.verdict == result.confirmed.verdict
    assert chosen.dense.final is not None
    assert chosen.dense.final.test_score == result.confirmed.dense
    assert result.confirmed.small_dense is not None


def test_the_chosen_search_is_an_ordinary_one(whole: SmallestRun, tmp_path: Path) -> None:
    """As if it had been made alone, in a folder of its own."""
    result = whole.result
    assert result.sparsity is not None
    alone = run(whole.config.at(result.sparsity), tmp_path / "alone")
    assert alone.result == whole.chosen.result


def test_load_and_find_open_it(whole: SmallestRun) -> None:
    opened = load(whole.path)
    assert isinstance(opened, SmallestRun)
    assert opened.result == whole.result
    chosen = whole.chosen
    assert find(whole.path).weights == find(chosen.path).weights
    assert find(whole.path, dense=True).weights.parent.name == "dense"
    zeros = sum(int((p == 0).sum()) for p in opened.network().parameters() if p.dim() > 1)
    total = sum(p.numel() for p in opened.network().parameters() if p.dim() > 1)
    assert zeros >= 0.9 * (opened.sparsity or 1) * total * 0.5
    assert find(whole.path / "dense").config is not None


@pytest.mark.parametrize("seed", range(3))
def test_killed_anywhere_it_goes_on_to_the_same_bits(
    whole: SmallestRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """At any file: while the dense network trains, in a search, while files are shared, before a record."""
    chance = random.Random(seed)
    replace, calls = os.replace, 0

    def count(source: Any, target: Any) -> None:
        nonlocal calls
        calls += 1
        replace(source, target)

    def end_at(source: Any, target: Any) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            raise Ended
        replace(source, target)

    left, kills = 0, 0
    while True:
        left = chance.randint(1, 120)
        monkeypatch.setattr(os, "replace", end_at)
        try:
            smallest(_config(), tmp_path / "run", grid=GRID)
            break
        except Ended:
            kills += 1
        finally:
            monkeypatch.setattr(os, "replace", replace)
    assert kills >= 1
    assert _bits(tmp_path / "run") == _bits(whole.path)


def test_a_finished_search_is_not_made_again(whole: SmallestRun, monkeypatch: pytest.MonkeyPatch) -> None:
    began: list[ProbeBegan] = []
    before = _bits(whole.path)
    again = smallest(_config(), whole.path, grid=GRID, began=began.append)
    assert not began
    assert again.result == whole.result
    assert _bits(whole.path) == before


def test_without_its_result_nothing_is_trained_again(whole: SmallestRun, tmp_path: Path) -> None:
    shutil.copytree(whole.path, tmp_path / "run")
    (tmp_path / "run" / "result.json").unlink()
    began: list[ProbeBegan] = []
    again = smallest(_config(), tmp_path / "run", grid=GRID, began=began.append)
    assert not began
    assert again.result == whole.result
    (tmp_path / "run" / "result.json").unlink()
    (tmp_path / "run" / "probes.json").write_text("{")
    assert smallest(_config(), tmp_path / "run", grid=GRID).result == whole.result


def test_nothing_within_the_tolerance_chooses_nothing(tmp_path: Path) -> None:
    found = smallest(_config(**{"search.tolerance": 0.0, "dense_start.rate": 1e-6}), tmp_path, grid=(0.99,))
    assert found.sparsity is None
    assert found.result.confirmed is None
    with pytest.raises(RunFolderError, match="no sparsity of its grid is within the tolerance"):
        found.network()
    with pytest.raises(RunFolderError, match="chose nothing"):
        find(tmp_path)


def test_it_works_for_a_task(tmp_path: Path) -> None:
    pytest.importorskip("sklearn", reason="needs the extra tasks")
    values = {
        "recipe.epochs": 4,
        "dense_start.epochs": 4,
        "dense_start.milestones": (),
        "dense_start.search.candidates": 3,
        "dense_start.search.screen": 2,
        "dense_start.search.round_epochs": 1,
        "search.tolerance": 0.9,
    }
    found = smallest(for_task("digits", values), tmp_path / "run", grid=(0.3, 0.5))
    assert found.result.score.name == "error rate"
    assert {probe.sparsity for probe in found.result.probes} == {0.3, 0.5}


@pytest.mark.parametrize(
    ("grid", "changes", "says"),
    [
        ((), {}, "grid"),
        ((0.5, 0.5), {}, "ascend"),
        ((0.9, 0.5), {}, "ascend"),
        ((0.0, 0.5), {}, "between 0 and 1"),
        ((0.5,), {"dense_start.space.sparsity": (0.5, 0.6)}, "makes sparsities a choice"),
    ],
)
def test_what_does_not_fit_is_refused(grid: tuple[float, ...], changes: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigurationError, match=says):
        SmallestConfig.of(_config(**changes), grid)


def test_a_published_preset_gets_the_family_of_the_dense_network() -> None:
    config = SmallestConfig.of(configure("ptb-lstm"))
    assert config.families == ("dense",)
    assert config.at(0.9).density == pytest.approx(0.1)
    assert config.at(0.9).families == ("dense",)


def test_its_folder_is_no_search_and_says_so(whole: SmallestRun) -> None:
    with pytest.raises(RunFolderError, match="holds a search for the smallest network: use"):
        run(families(), whole.path)


def test_another_grid_is_another_run(whole: SmallestRun) -> None:
    with pytest.raises(RunFolderError, match="grid"):
        smallest(_config(), whole.path, grid=(0.5,))


def test_shared_files_are_never_changed_through_the_other_name(tmp_path: Path) -> None:
    """What is written into a run folder takes the place of a file."""
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "record.json").write_text("{}")
    (tmp_path / "one" / files.LOCK).write_text("")
    share(tmp_path / "one", tmp_path / "two")
    assert [path.name for path in (tmp_path / "two").iterdir()] == ["record.json"]
    files.write_json(tmp_path / "two" / "record.json", {"changed": True})
    assert (tmp_path / "one" / "record.json").read_text() == "{}"


def test_a_file_system_without_links_holds_copies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: Any) -> None:
        raise OSError("no links here")

    monkeypatch.setattr(os, "link", refused)
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "record.json").write_text("{}")
    share(tmp_path / "one", tmp_path / "two")
    assert (tmp_path / "two" / "record.json").read_text() == "{}"


def test_a_folder_knows_its_probes_by_their_configuration(whole: SmallestRun) -> None:
    folder = SmallestFolder(whole.path)
    assert folder.probes(whole.config.digest) == whole.result.probes
    assert folder.probes("another") == ()


def test_sparsities_that_leave_a_matrix_nothing_are_not_tried(tmp_path: Path) -> None:
    """A network of 25 weights at 0.9: the search ended with a mistake in the middle."""
    config = SmallestConfig.of(_config(), (0.3, 0.999, 0.9999))
    assert possible(config) == (0.3,)
    with pytest.raises(ConfigurationError, match="each of 6 matrices needs a live weight"):
        smallest(_config(), tmp_path / "run", grid=(0.9999,))


def test_two_workers_find_the_same(whole: SmallestRun, tmp_path: Path) -> None:
    """Bit for bit, dense network and networks of one sparsity included."""
    smallest(_config(**{"runtime.workers": 2}), tmp_path / "run", grid=GRID)
    assert _bits(tmp_path / "run") == _bits(whole.path)


def test_a_result_of_a_newer_version_is_refused_by_its_number(whole: SmallestRun, tmp_path: Path) -> None:
    path = shutil.copytree(whole.path, tmp_path / "run") / "result.json"
    files.write_summed(path, files.read_summed(path) | {"schema_version": 9})
    with pytest.raises(RunFolderError, match="has schema_version 9 and this hyperprune reads 1"):
        load(path.parent).result  # noqa: B018
