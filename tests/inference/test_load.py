"""An exported folder runs as the network that it was."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from plain_nets import case, relative
from torch import nn

import hyperprune
from hyperprune.errors import ConfigurationError, ExportError
from hyperprune.export import export
from hyperprune.inference import BuildError, build, load, read_folder
from hyperprune.inference.timing import timed
from hyperprune.models import AWDLSTM, RHN, Dropouts, StackedGRU

TOLERANCE = 1e-5


def exported(tmp_path: Path, module: nn.Module, inputs: torch.Tensor | None = None, **choices: bool) -> Path:
    return export(module, tmp_path / "out", inputs=inputs, **choices).folder


@pytest.mark.parametrize("kernels", ["c", "torch"])
@pytest.mark.parametrize("kind", ["lstm", "gru", "rnn"])
@pytest.mark.parametrize("types", [0, 11])
def test_steps_and_runs_are_those_of_the_module(tmp_path: Path, kernels: str, kind: str, types: int) -> None:
    made = case(kind, types=types, batch=3)
    network = load(exported(tmp_path, made.module), kernels=kernels)
    assert network.kernel == kernels
    with torch.no_grad():
        expected, last = made.module(made.inputs)
    whole, after = network.run(made.inputs)
    assert relative(whole, expected) < TOLERANCE
    state, steps = None, []
    for x in made.inputs:
        y, state = network.step(x, state)
        steps.append(y)
    assert relative(torch.stack(steps), expected) < TOLERANCE
    for found in (after, state):
        pairs = zip(found, last, strict=True) if kind == "lstm" else [(found, last)]
        assert all(relative(ours, theirs) < TOLERANCE for ours, theirs in pairs)


def test_a_state_that_is_given_is_not_changed(tmp_path: Path) -> None:
    made = case("lstm", batch=2)
    network = load(exported(tmp_path, made.module))
    _, state = network.step(made.inputs[0])
    before = [part.clone() for part in state]
    again, _ = network.step(made.inputs[1], state)
    once, _ = network.step(made.inputs[1], state)
    assert all(torch.equal(a, b) for a, b in zip(state, before, strict=True))
    assert torch.equal(again, once)


@pytest.mark.parametrize("kind", ["lstm", "gru"])
def test_a_state_may_be_any_tensors_of_its_shape(tmp_path: Path, kind: str) -> None:
    """Copies, parts of something larger, other types, and both halves exchanged."""
    made = case(kind, batch=2)
    network = load(exported(tmp_path, made.module))
    _, state = network.run(made.inputs)
    expected, _ = network.step(made.inputs[0], state)
    parts = state if kind == "lstm" else (state,)
    larger = torch.zeros(2, 3, 2, 2, 20)
    for number, part in enumerate(parts):
        larger[number, 1] = part
    forms = [
        [part.clone() for part in parts],
        [part.double() for part in parts],
        [larger[number, 1] for number in range(len(parts))],
        [part.transpose(0, 1).contiguous().transpose(0, 1) for part in parts],
    ]
    for form in forms:
        found, _ = network.step(made.inputs[0], tuple(form) if kind == "lstm" else form[0])
        assert torch.equal(found, expected)
    if kind == "lstm":
        exchanged, _ = network.step(made.inputs[0], state[::-1])
        copied, _ = network.step(made.inputs[0], tuple(part.clone() for part in state[::-1]))
        assert torch.equal(exchanged, copied)
        assert not torch.equal(exchanged, expected)


def test_a_run_goes_on_from_a_state(tmp_path: Path) -> None:
    made = case("gru", types=11)
    network = load(exported(tmp_path, made.module))
    whole, _ = network.run(made.inputs)
    first, state = network.run(made.inputs[:4])
    second, _ = network.run(made.inputs[4:], state)
    assert torch.equal(torch.cat([first, second]), whole)


def test_one_sequence_needs_no_batch(tmp_path: Path) -> None:
    made = case("lstm", types=11)
    network = load(exported(tmp_path, made.module))
    y, _ = network.step(int(made.inputs[0, 0]))
    assert y.shape == (7,)
    ys, _ = network.run(made.inputs[:, 0].numpy())
    assert ys.shape == (9, 7)
    numbers = case("lstm")
    other = load(export(numbers.module, tmp_path / "numbers").folder)
    assert other.step(np.zeros(12, dtype=np.float64))[0].shape == (7,)
    assert other.run(numbers.inputs[:, 0])[0].shape == (9, 7)


def test_layers_of_different_sizes_have_the_state_of_their_module(tmp_path: Path) -> None:
    torch.manual_seed(0)
    module = AWDLSTM(30, embedding=6, sizes=(9, 6), dropouts=Dropouts()).eval()
    network = load(exported(tmp_path, module))
    tokens = torch.randint(30, (5, 2))
    with torch.no_grad():
        expected, last = module(tokens)
        outputs, state = network.run(tokens)
        assert relative(outputs, expected) < TOLERANCE
        assert [[tuple(part.shape) for part in layer] for layer in state] == [
            [tuple(part.shape) for part in layer] for layer in last
        ]
        found, _ = network.run(tokens, last)
        assert relative(found, module(tokens, last)[0]) < TOLERANCE


def test_a_network_that_is_not_plain_runs_on_torch_and_says_so(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    torch.manual_seed(0)
    module = RHN(20, embedding=8, hidden=8, depth=2).eval()
    export(module, folder)
    with pytest.raises(ExportError, match="no class of hyperprune"):
        load(folder)  # a module alone does not say its kind and sizes
    with pytest.raises(ConfigurationError, match="no kernels in C"):
        load(folder, kernels="c")


def test_without_a_compiler_torch_runs_it_and_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = case("gru", types=11)
    folder = exported(tmp_path, made.module)
    monkeypatch.setenv("CC", "no-such-compiler")
    build.library.cache_clear()
    try:
        network = load(folder)
        assert network.kernel == "torch"
        assert "no-such-compiler" in network.why
        with pytest.raises(ConfigurationError, match="no-such-compiler"):
            load(folder, kernels="c")
        with pytest.raises(BuildError):
            build.library()
    finally:
        build.library.cache_clear()
    with torch.no_grad():
        assert relative(network.run(made.inputs)[0], made.module(made.inputs)[0]) < TOLERANCE


def test_it_says_how_each_matrix_is_kept(tmp_path: Path) -> None:
    made = case("gru", inputs=32, hidden=32, layers=1, block=(16, 1), density=0.2)
    network = load(exported(tmp_path, made.module))
    assert "layer 0 recurrent as 16x1" in network.why
    assert "built by" in network.why


@pytest.mark.parametrize(
    ("x", "what"),
    [
        (torch.zeros(2, 3), "whole numbers"),
        ([0, 11], "outside the vocabulary"),
        ([0, -1], "vocabulary"),
        ([2**40], "vocabulary"),
        ([[1, 2], [3, 4]], "must be"),
    ],
)
def test_inputs_that_do_not_fit_are_refused(tmp_path: Path, x: object, what: str) -> None:
    network = load(exported(tmp_path, case("lstm", types=11).module))
    with pytest.raises(ConfigurationError, match=what):
        network.step(x)


def test_features_and_states_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    made = case("lstm", batch=2)
    network = load(exported(tmp_path, made.module))
    with pytest.raises(ConfigurationError, match="batch, 12"):
        network.step(torch.zeros(2, 13))
    _, state = network.step(made.inputs[0])
    with pytest.raises(ConfigurationError, match="state must be"):
        network.step(made.inputs[0, :1], state)


def test_int8_is_what_was_exported_or_asked_for(tmp_path: Path) -> None:
    made = case("lstm", types=11, density=1.0)
    full, small = export(made.module, tmp_path / "full"), export(made.module, tmp_path / "small", int8=True)
    assert small.weights_bytes < full.weights_bytes
    asked, _ = load(full.folder, int8=True).run(made.inputs)
    stored, _ = load(small.folder).run(made.inputs)
    assert relative(asked, stored) < TOLERANCE
    with torch.no_grad():
        assert 0 < relative(stored, made.module(made.inputs)[0]) < 0.05


def test_tensors_come_back_under_all_names(tmp_path: Path) -> None:
    torch.manual_seed(0)
    module = StackedGRU(20, embedding=8, hidden=8, tied=True).eval()
    for name, choices in {"compact": {}, "whole": {"compact": False}}.items():
        state = read_folder(export(module, tmp_path / name, **choices).folder).state()
        assert set(state) == set(module.state_dict())
        assert all(torch.equal(state[key], value) for key, value in module.state_dict().items())
    with pytest.raises(ExportError, match="no class of hyperprune"):
        hyperprune.load_pretrained(tmp_path / "whole")


def test_a_pause_while_steps_are_counted_is_no_measurement(monkeypatch: pytest.MonkeyPatch) -> None:
    """One preempted step was taken to fill a measurement, which then was of calls and not of steps."""
    clock, pauses, asked = [0.0], iter([True]), []
    monkeypatch.setattr("hyperprune.inference.timing.time.perf_counter", lambda: clock[0])

    def prepare(steps: int, batch: int) -> Callable[[], None]:
        asked.append(steps)

        def run() -> None:
            clock[0] += 1e-5 + steps * 1e-6 + (0.1 if next(pauses, False) else 0.0)

        return run

    found = timed({"one": prepare}, rounds=1)
    assert max(asked) == 4096
    assert found["one"].latency == pytest.approx(1.0, rel=0.01)
