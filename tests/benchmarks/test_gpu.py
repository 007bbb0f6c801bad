"""benchmarks/gpu.py, for which a card is lent or rented: rehearsed without one, and how it reads profiles."""

import importlib
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from torch.autograd import DeviceType
from torch.autograd.profiler_util import FunctionEvent

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module("gpu")


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, BENCHMARKS / "gpu.py", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def cells(row: str) -> list[str]:
    return [cell.strip() for cell in row.strip("|").split("|")]


@pytest.mark.slow  # every network trains three times or more, and processes start
def test_the_whole_script_runs_with_small_networks(script: Any) -> None:
    done = run("--rehearse")
    assert done.returncode == 0, done.stderr
    tables = [part.splitlines() for part in done.stdout.split("\n\n") if part.startswith("| ")]
    bits, steps, spectra, together = ([cells(row) for row in table[2:]] for table in tables)
    assert [row[0] for row in bits] == list(script.MODELS)
    assert all(set(row[1:]) <= {"yes", "-"} for row in bits)
    graphed = {row[0] for row in bits if row[3:] == ["yes", "yes"]}
    assert graphed == set(script.GRAPHED)
    assert {row[0] for row in steps} == set(script.REHEARSAL.presets)
    assert {(row[0], row[2]) for row in steps} >= {("ptb-rhn-small", "yes"), ("ptb-on-lstm-small", "yes")}
    assert all(float(row[3]) > float(row[4]) > 0 for row in steps)
    assert all(0 < float(row[3]) < 1e-4 for row in spectra)  # two ways, which round differently
    assert [row[0] for row in together] == ["1", "2"]


def test_what_there_is_no_time_for_is_named() -> None:
    done = run("--rehearse", "--minutes", "0")
    assert done.returncode == 0, done.stderr
    for what in ("bits of stacked-lstm", "ptb-rhn-small", "spectra of 20 units", "2 processes"):
        assert f"{what}: left out, no time" in done.stdout


def test_a_profile_counts_starts_and_the_work_of_the_card(script: Any) -> None:
    """A label of the host's appears on the card's side too, around the kernels: it is none of their work."""

    def event(name: str, begin: float, end: float, *, on_card: bool, label: bool = False) -> FunctionEvent:
        device = DeviceType.CUDA if on_card else DeviceType.CPU
        return FunctionEvent(
            0, name, 1, begin, end, use_device="cuda", device_type=device, is_user_annotation=label
        )

    events = [
        event("aten::mm", 0, 9, on_card=False),
        event("Optimizer.step#SGD.step", 0, 80, on_card=False, label=True),
        event("cudaLaunchKernel", 1, 2, on_card=False),
        event("cudaLaunchKernelExC", 3, 4, on_card=False),
        event("cudaGraphLaunch", 5, 6, on_card=False),
        event("cudaDeviceSynchronize", 7, 60, on_card=False),
        event("sgemm_128x64", 10, 30, on_card=True),
        event("vectorized_elementwise_kernel", 30, 35, on_card=True),
        event("Optimizer.step#SGD.step", 10, 60, on_card=True, label=True),
    ]
    launches, seconds = script.counted(events)
    assert launches == 3
    assert seconds == pytest.approx(25e-6)
