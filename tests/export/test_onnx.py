"""The graphs in onnxruntime, as their page says they are run."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from plain_nets import case, relative

from hyperprune.errors import ConfigurationError
from hyperprune.export import export, extra
from hyperprune.export.onnx_run import OnnxSession, zeros

TOLERANCE = 1e-5
pytest.importorskip("onnxruntime", reason="needs the extra onnx")


@pytest.mark.parametrize("kind", ["lstm", "gru", "rnn"])
@pytest.mark.parametrize("types", [0, 11])
def test_steps_carry_their_state(tmp_path: Path, kind: str, types: int) -> None:
    made = case(kind, types=types, batch=3)
    folder = export(made.module, tmp_path / "out", "onnx").folder
    session = OnnxSession(folder / "step.onnx")
    with torch.no_grad():
        expected, last = made.module(made.inputs)
    states, outputs = zeros(made.plain, 3), []
    for x in made.inputs:
        y, states = session.run(x, states)
        outputs.append(y)
    assert relative(torch.stack(outputs), expected) < TOLERANCE
    hidden = last[0] if kind == "lstm" else last
    assert relative(torch.from_numpy(states[1]), hidden[1]) < TOLERANCE


@pytest.mark.parametrize("steps", [1, 2, 30])
@pytest.mark.parametrize("batch", [1, 5])
def test_sequences_have_any_length(tmp_path: Path, steps: int, batch: int) -> None:
    made = case("lstm", types=11, steps=steps, batch=batch)
    folder = export(made.module, tmp_path / "out", "onnx", sequence=True).folder
    found = OnnxSession(folder / "sequence.onnx").sequence(made.plain, made.inputs)
    with torch.no_grad():
        assert relative(found, made.module(made.inputs)[0]) < TOLERANCE


def test_layers_of_different_sizes(tmp_path: Path) -> None:
    from hyperprune.models import AWDLSTM, Dropouts

    torch.manual_seed(0)
    module = AWDLSTM(30, embedding=6, sizes=(9, 6), dropouts=Dropouts())
    assert export(module, tmp_path / "out", "onnx", sequence=True).check.difference < TOLERANCE


def test_int8_is_smaller_and_close(tmp_path: Path) -> None:
    made = case("lstm", inputs=64, hidden=64, types=50, outputs=50)
    full = export(made.module, tmp_path / "full", "onnx")
    small = export(made.module, tmp_path / "small", "onnx", int8=True)
    assert small.weights_bytes < 0.4 * full.weights_bytes
    assert 0 < small.check.difference < 0.1
    assert sorted(path.name for path in small.folder.glob("*.onnx")) == ["step.int8.onnx"]


def test_the_page_runs_as_it_says(tmp_path: Path) -> None:
    made = case("gru", types=11)
    folder = export(made.module, tmp_path / "out", "onnx").folder
    (code,) = re.findall(r"```python\n(.*?)```", (folder / "README.md").read_text(), re.S)
    code = f"batch = 2\nx = __import__('numpy').array([1, 2])\n{code}\nassert y.shape == (2, 7), y.shape"
    subprocess.run([sys.executable, "-c", code], cwd=folder, check=True)


def test_onnxruntime_is_told_to_send_nothing() -> None:
    code = (
        "import os; from hyperprune.export.extra import onnxruntime; onnxruntime();"
        "assert os.environ['ORT_DISABLE_TELEMETRY'] == '1'"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_without_the_extra_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnx", None)
    monkeypatch.setitem(sys.modules, "onnx.helper", None)
    monkeypatch.setitem(sys.modules, "onnx.numpy_helper", None)
    with pytest.raises(ConfigurationError, match=r"hyperprune\[onnx\]"):
        extra.onnx("helper")
    with pytest.raises(ConfigurationError, match=r"hyperprune\[onnx\]"):
        export(case().module, tmp_path / "out", "onnx")
    assert list(tmp_path.iterdir()) == []
