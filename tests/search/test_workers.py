"""The result does not depend on how many workers there are, nor on what befalls them."""

from pathlib import Path
from typing import Any

import pytest
from small_search import bits, families, small

from hyperprune.config.decisive import decisive, free_keys
from hyperprune.errors import ConfigurationError
from hyperprune.search import RunFolder, SearchConfig, SearchResult, extend, run


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, SearchResult]:
    """The search of one worker in this process."""
    folder = tmp_path_factory.mktemp("alone") / "run"
    return folder, run(small(), folder)


@pytest.mark.slow
@pytest.mark.parametrize("workers", [2, 4])
def test_any_number_of_workers_gives_the_same_bytes(
    tmp_path: Path, alone: tuple[Path, SearchResult], workers: int
) -> None:
    run(small(runtime__workers=workers), tmp_path / "run")
    assert bits(tmp_path / "run") == bits(alone[0])


@pytest.fixture(scope="module")
def families_alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A search with both families of one worker in this process."""
    folder = tmp_path_factory.mktemp("families") / "run"
    run(families(), folder)
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("workers", [2, 4])
def test_families_side_by_side_give_the_same_bytes(
    tmp_path: Path, families_alone: Path, workers: int
) -> None:
    run(families(**{"runtime.workers": workers}), tmp_path / "run")
    assert bits(tmp_path / "run") == bits(families_alone)


def test_another_number_of_workers_goes_on_with_the_same_run(alone: tuple[Path, SearchResult]) -> None:
    folder, result = alone
    other = small(runtime__workers=3, runtime__executor="processes")
    assert other.digest == small().digest
    before = bits(folder)
    assert run(other, folder) == result
    assert extend(folder, {"runtime.workers": 2}) == result
    assert bits(folder) == before
    assert not list(folder.glob("result-*"))


def test_free_keys_are_named_by_the_schema_and_kept_from_the_run(tmp_path: Path) -> None:
    config = small(runtime__workers=3, runtime__address="auto")
    assert free_keys(SearchConfig) == {
        "runtime": dict.fromkeys(("cuda_graphs", "workers", "executor", "address", "gpu_share"), True)
    }
    schema = SearchConfig.model_json_schema()["$defs"]["SearchRuntime"]["properties"]
    assert all(schema[key]["may_change_on_resume"] for key in ("workers", "executor", "address"))
    assert "may_change_on_resume" not in schema["threads"]
    with RunFolder(tmp_path / "run").held(config):
        pass
    assert RunFolder(tmp_path / "run").config().runtime.workers is None
    assert decisive(RunFolder(tmp_path / "run").config()) == decisive(config)


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"runtime.executor": "slurm"}, "unknown executor 'slurm': choose one of in-process, processes, ray"),
        ({"runtime.address": "auto"}, "is for a cluster, and in-process has none: give --executor ray"),
        ({"runtime.executor": "in-process", "runtime.workers": 2}, "in-process has one worker, got 2"),
    ],
)
def test_what_fits_no_executor_is_refused(tmp_path: Path, values: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigurationError, match=says):
        run(small(**values), tmp_path / "run")


def test_workers_beyond_the_machine_wait_with_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    from hyperprune.executors import Processes, Workers, make_executor

    executor = make_executor(None, Workers(count=500), lambda _: None)
    assert isinstance(executor, Processes)
    assert executor.workers < 500
    assert "500 workers of 1 threads are more than this machine holds" in caplog.text
    executor.close()
