"""What must be right about CUDA can be held without a card: who opens it, what is stored, what is read."""

import os
import warnings
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest
import torch
from small_search import small

import hyperprune
from hyperprune import accelerators, reports, versions
from hyperprune.accelerators import check_device, random_state, repeatable, restore_random_state
from hyperprune.errors import ConfigurationError, out_of_memory
from hyperprune.executors import InProcess, Workers, make_executor
from hyperprune.executors.failures import describe, rebuild
from hyperprune.search import RunFolder, SearchResult, run
from hyperprune.search.comparing.compare import compare
from hyperprune.tasks import Recipe
from hyperprune.training import load_network
from hyperprune.training.stored import checkpoint


@pytest.fixture
def cards(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """A machine that counts so many cards, and whose cards nobody may open."""

    def there(count: int) -> None:
        def opened(*_: object) -> None:
            raise AssertionError("a CUDA context was opened")

        monkeypatch.setattr(torch.cuda, "device_count", lambda: count)
        monkeypatch.setattr(torch.cuda, "is_available", lambda: count > 0)
        monkeypatch.setattr(torch.cuda, "_lazy_init", opened)

    return there


class OnTheCpu:
    """Runs every job in this process on the CPU: a worker whose card is no business of the driver's."""

    workers = 1

    def __init__(self) -> None:
        self.devices: set[str] = set()
        self._inner = InProcess()

    def submit(self, function: str, payload: Any) -> Future[Any]:
        self.devices.add(payload["device"])
        return self._inner.submit(function, {**payload, "device": "cpu"})

    def cancel(self, future: Future[Any]) -> None: ...

    def close(self) -> None: ...


@pytest.fixture
def searched(tmp_path: Path, cards: Callable[[int], None]) -> tuple[Path, SearchResult]:
    """The folder of a search on cuda:1, of a driver that may not open a card."""
    cards(2)
    executor = OnTheCpu()
    result = run(small(runtime__device="cuda:1"), tmp_path / "run", executor=executor)
    assert executor.devices == {"cuda:1"}
    return tmp_path / "run", result


def test_the_driver_opens_no_card(searched: tuple[Path, SearchResult]) -> None:
    assert searched[1].selected is not None


def test_the_folder_of_a_run_on_a_gpu_is_read_without_one(
    searched: tuple[Path, SearchResult], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, result = searched
    monkeypatch.undo()
    assert hyperprune.load(folder).result == result
    assert hyperprune.load(folder).config.runtime.device == "cuda:1"
    assert reports.write(RunFolder(folder)).is_file()
    assert compare([folder]).best_known
    network = hyperprune.load(folder).network(dense=True)
    assert next(network.parameters()).device.type == "cpu"
    with pytest.raises(ConfigurationError, match="no device 'cuda:1' here: give cpu"):
        run(small(runtime__device="cuda:1"), folder.with_name("other"))


def test_a_checkpoint_of_a_card_opens_without_one(searched: tuple[Path, SearchResult]) -> None:
    """It holds the card's generator too, which is nothing to a job on the CPU."""
    folder, _ = searched
    job = RunFolder(folder).dense
    whole = checkpoint.load(checkpoint.path(job.path, 4))
    tensors = {**whole.tensors, "rng.cuda": torch.arange(16, dtype=torch.uint8)}
    checkpoint.save(job.path, checkpoint.Checkpoint(4, tensors, whole.document))
    load_network(checkpoint.path(job.path, 4))
    restore_random_state(
        random_state(torch.device("cpu")) | {"cuda": tensors["rng.cuda"]}, torch.device("cpu")
    )


def test_the_generator_is_that_of_the_jobs_own_card(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not of cuda:0, whichever card the job is on."""
    asked: list[tuple[str, torch.device]] = []
    state = torch.arange(16, dtype=torch.uint8)
    monkeypatch.setattr(torch.cuda, "get_rng_state", lambda device: asked.append(("get", device)) or state)
    monkeypatch.setattr(torch.cuda, "set_rng_state", lambda _, device: asked.append(("set", device)))
    own = torch.device("cuda:3")
    restore_random_state(random_state(own), own)
    assert asked == [("get", own), ("set", own)]


def test_devices_are_counted_and_not_opened(cards: Callable[[int], None]) -> None:
    cards(2)
    for name in ("cuda", "cuda:0", "cuda:1", "cpu"):
        check_device(name)
    with pytest.raises(ConfigurationError, match="no device 'cuda:2' here: give cpu or cuda:0 to cuda:1"):
        check_device("cuda:2")
    cards(0)
    with pytest.raises(ConfigurationError, match=r"no device 'cuda' here: give cpu$"):
        check_device("cuda")


def test_cards_driver_and_cudnn_are_recorded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """As the driver's own files say them; another card is said, and a run on a CPU records none of it."""
    monkeypatch.setattr(accelerators, "_DRIVER", tmp_path)
    text = "NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.54.15  Tue Mar  5 22:23:56 UTC 2024\nGCC 12\n"
    (tmp_path / "version").write_text(text)
    for slot, model in (("0000:01:00.0", "NVIDIA H100 80GB HBM3"), ("0000:02:00.0", "NVIDIA A10")):
        (tmp_path / "gpus" / slot).mkdir(parents=True)
        (tmp_path / "gpus" / slot / "information").write_text(f"Model: \t\t {model}\nIRQ:   \t\t 16\n")
    found = versions.versions(device="cuda:1")
    assert found["card"] == "NVIDIA A10, NVIDIA H100 80GB HBM3"
    assert found["driver"] == "550.54.15"
    assert {"cuda", "cudnn"} <= found.keys()
    assert not {"card", "driver", "cuda", "cudnn"} & versions.versions().keys()
    run_folder = tmp_path / "run"
    run_folder.mkdir()
    versions.record(run_folder, found)
    versions.record(run_folder, {**found, "card": "NVIDIA A10"})
    assert "card NVIDIA A10, NVIDIA H100 80GB HBM3 (here NVIDIA A10)" in caplog.text


def test_an_open_kernel_module_names_its_version_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accelerators, "_DRIVER", tmp_path)
    text = "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  560.35.03  Release Build\n"
    (tmp_path / "version").write_text(text)
    assert versions.versions(device="cuda")["driver"] == "560.35.03"


def test_workers_of_cards_have_a_workspace_that_fixes_sums(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CUBLAS_WORKSPACE_CONFIG", raising=False)
    found = {}
    for device in ("cpu", "cuda:0"):
        executor = make_executor("processes", Workers(count=1, device=device), lambda _: None)
        job = {"name": "CUBLAS_WORKSPACE_CONFIG", "pause": 0}
        found[device] = executor.submit("worker_jobs:variable", job).result()
        executor.close()
    assert found == {"cpu": None, "cuda:0": ":4096:8"}


def test_a_job_on_a_card_asks_for_kernels_that_repeat(monkeypatch: pytest.MonkeyPatch) -> None:
    """And warns of others by name; afterwards the process is as it was."""
    monkeypatch.delenv("CUBLAS_WORKSPACE_CONFIG", raising=False)
    with repeatable(torch.device("cpu")):
        assert not torch.are_deterministic_algorithms_enabled()
    with repeatable(torch.device("cuda")):
        assert torch.are_deterministic_algorithms_enabled()
        assert torch.is_deterministic_algorithms_warn_only_enabled()
        assert os.environ["CUBLAS_WORKSPACE_CONFIG"] == ":4096:8"
    assert not torch.are_deterministic_algorithms_enabled()


def test_what_cudnn_copies_by_design_is_no_warning(recwarn: pytest.WarningsRecorder) -> None:
    """Layers run alone for dropout's sake, and weight-drop gives other weights than those stored."""
    copied = (
        "RNN module weights are not part of single contiguous chunk of memory. This means they need to be "
        "compacted at every call, possibly greatly increasing memory usage. To compact weights again call "
        "flatten_parameters(). (Triggered internally at RNN.cpp:1490.)"
    )
    with repeatable(torch.device("cuda")):
        warnings.warn(copied, stacklevel=1)
        warnings.warn("kthvalue CUDA does not have a deterministic implementation", stacklevel=1)
    warnings.warn(copied, stacklevel=1)
    assert [str(warning.message).split()[0] for warning in recwarn] == ["kthvalue", "RNN"]


@pytest.mark.parametrize(
    "said",
    [
        "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`",
        "cuDNN error: CUDNN_STATUS_ALLOC_FAILED",
        "cuDNN error: CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED",
        "cusolver error: CUSOLVER_STATUS_ALLOC_FAILED, when calling `cusolverDnCreate(handle)`",
        "CUDA out of memory. Tried to allocate 2.00 GiB.",
    ],
)
def test_a_library_that_finds_no_memory_is_out_of_memory(said: str) -> None:
    """Also after the error has crossed a process; other failures of the same libraries are not."""
    assert out_of_memory(RuntimeError(said))
    assert out_of_memory(rebuild(describe(torch.OutOfMemoryError(said))))
    assert not out_of_memory(RuntimeError("cuDNN error: CUDNN_STATUS_EXECUTION_FAILED"))
    assert not out_of_memory(ValueError(said))


def test_bfloat16_on_a_card_is_not_asked_of_the_driver(cards: Callable[[int], None], tmp_path: Path) -> None:
    """Whether the card has it is found out by the job that opens it."""
    cards(1)
    config = small(runtime__device="cuda", recipe__precision="bfloat16")
    assert config.recipe == Recipe.model_validate(config.recipe.model_dump())
    result = run(config, tmp_path / "run", executor=OnTheCpu())
    assert result.selected is not None
