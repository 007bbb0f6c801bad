"""Every format is written, checked, and kept only if both networks agree."""

import json
import math
import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from plain_nets import case, relative
from torch import Tensor, nn

import hyperprune
from hyperprune.errors import ConfigurationError, ExportError, RunFolderError
from hyperprune.export import export, profile
from hyperprune.export.check import require_equal
from hyperprune.inference import load

TOLERANCE = 1e-5


class LastStep(nn.Module):
    """Batch first, and only the last step is read."""

    def __init__(self) -> None:
        super().__init__()
        self.gru = nn.GRU(5, 9, 2, batch_first=True)
        self.out = nn.Linear(9, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(self.gru(x)[0][:, -1])


class Forecast(nn.Module):
    """Numbers (time, batch) without features, in and out."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(1, 6)
        self.out = nn.Linear(6, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(self.lstm(x[..., None])[0])[..., 0]


class Squared(nn.Module):
    """Does more than an embedding before, or more than a linear layer after."""

    def __init__(self, before: bool) -> None:
        super().__init__()
        self.lstm, self.out, self.before = nn.LSTM(4, 4), nn.Linear(4, 2), before

    def forward(self, x: Tensor) -> Tensor:
        y = self.out(self.lstm(x**2 if self.before else x)[0])
        return y if self.before else y**2


class ByCell(nn.Module):
    """A loop over a cell."""

    def __init__(self) -> None:
        super().__init__()
        self.cell = nn.GRUCell(4, 4)

    def forward(self, x: Tensor) -> Tensor:
        h = x.new_zeros(x.shape[1], 4)
        for step in x:
            h = self.cell(step, h)
        return h


@pytest.mark.parametrize("format", ["torch", "hub", "c", "onnx"])
@pytest.mark.parametrize(("kind", "int8"), [("lstm", False), ("gru", True), ("rnn", False)])
def test_every_format_of_every_kind(tmp_path: Path, format: str, int8: bool, kind: str) -> None:
    made = case(kind, types=11)
    done = export(made.module, tmp_path / "out", format, int8=int8)
    most = 0.05 if int8 and format == "onnx" else TOLERANCE  # its activations are 8-bit too
    assert done.check.difference < most
    assert done.check.steps > 0
    assert done.bytes == sum(path.stat().st_size for path in done.folder.iterdir())
    assert 0 < done.weights_bytes < done.bytes
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize(
    ("module", "inputs"),
    [(LastStep(), torch.randn(3, 7, 5)), (Forecast(), torch.randn(8, 2)), (nn.LSTM(4, 6, 2), None)],
    ids=["last step", "no features", "a bare layer"],
)
@pytest.mark.parametrize("format", ["torch", "c", "onnx"])
def test_modules_of_other_people(
    tmp_path: Path, module: nn.Module, inputs: Tensor | None, format: str
) -> None:
    done = export(module, tmp_path / "out", format, inputs=inputs)
    assert done.plain == ""
    assert done.check.difference < TOLERANCE
    assert done.check.real is (inputs is not None)


@pytest.mark.parametrize(
    ("module", "why"),
    [
        (Squared(before=True), "more than an embedding"),
        (Squared(before=False), "more than one linear layer"),
        (ByCell(), "step by step"),
        (nn.LSTM(4, 4, bidirectional=True), "both ways"),
        (nn.LSTM(4, 4, proj_size=2), "project"),
        (nn.RNN(4, 4, nonlinearity="relu"), "not tanh"),
        (nn.Linear(4, 4), "no nn.LSTM"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_plain_network_is_refused_with_the_reason(
    tmp_path: Path, module: nn.Module, why: str
) -> None:
    inputs = torch.randn(6, 3, 4)
    with pytest.raises(ConfigurationError, match=why):
        export(module, tmp_path / "out", "c", inputs=inputs)
    assert list(tmp_path.iterdir()) == []
    done = export(module, tmp_path / "out", inputs=inputs)  # its tensors can be exported all the same
    assert why in done.plain


class Packed(nn.Module):
    """Packs its sequences."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(4, 4)

    def forward(self, x: Tensor) -> Tensor:
        packed = nn.utils.rnn.pack_padded_sequence(x, torch.full((x.shape[1],), len(x)))
        return nn.utils.rnn.pad_packed_sequence(self.lstm(packed)[0])[0]


class OwnStart(nn.Module):
    """Begins from a learned state, and names its arguments."""

    def __init__(self, start: float) -> None:
        super().__init__()
        self.gru, self.start = nn.GRU(4, 4), nn.Parameter(torch.full((1, 1, 4), start))

    def forward(self, x: Tensor) -> Tensor:
        return self.gru(input=x, hx=self.start.expand(1, x.shape[1], 4).contiguous())[0]


@pytest.mark.parametrize(
    ("module", "why"),
    [
        (Packed(), "packs its sequences"),
        (OwnStart(0.5), "not zero"),
        (nn.utils.parametrizations.weight_norm(nn.LSTM(4, 4), "weight_hh_l0"), "parametrisations"),
    ],
    ids=["packed", "own start", "weight norm"],
)
def test_modules_that_do_something_of_their_own_are_refused(
    tmp_path: Path, module: nn.Module, why: str
) -> None:
    with pytest.raises(ConfigurationError, match=why):
        export(module, tmp_path / "out", "c", inputs=torch.randn(6, 3, 4))
    assert list(tmp_path.iterdir()) == []


def test_arguments_by_name_and_a_zero_start_are_plain(tmp_path: Path) -> None:
    assert export(OwnStart(0.0), tmp_path / "out", inputs=torch.randn(6, 3, 4)).plain == ""


def test_the_module_that_is_exported_is_left_as_it_is(tmp_path: Path) -> None:
    """In training mode and float64, also behind a wrapper."""
    module = nn.LSTM(4, 6).double().train()
    before = {name: value.clone() for name, value in module.state_dict().items()}
    done = export(module, tmp_path / "out", inputs=torch.randn(5, 2, 4, dtype=torch.float64))
    assert done.check.difference < TOLERANCE
    assert module.training
    assert all(torch.equal(value, before[name]) for name, value in module.state_dict().items())
    assert export(torch.compile(module), tmp_path / "compiled").plain == ""


def test_a_different_output_keeps_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from hyperprune.export import torch_folder

    honest = torch_folder.compacted

    def wrong(name: str, matrix: object, *, int8: bool = False) -> object:
        record, tensors = honest(name, matrix, int8=int8)
        return record, {k: v * 1.001 if v.is_floating_point() else v for k, v in tensors.items()}

    monkeypatch.setattr(torch_folder, "compacted", wrong)
    with pytest.raises(ExportError, match="outputs of the export must be"):
        export(case().module, tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_not_a_number_is_no_agreement() -> None:
    with pytest.raises(ExportError):
        require_equal(math.nan, "it")


def test_a_folder_that_holds_something_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    export(case().module, tmp_path / "out")
    with pytest.raises(RunFolderError, match="holds something"):
        export(case().module, tmp_path / "out")


@pytest.mark.parametrize(
    ("format", "choice"),
    [("c", {"sequence": True}), ("torch", {"sequence": True}), ("c", {"compact": False})],
)
def test_a_choice_that_a_format_would_ignore_is_refused(
    tmp_path: Path, format: str, choice: dict[str, bool]
) -> None:
    with pytest.raises(ConfigurationError, match="does not belong"):
        export(case().module, tmp_path / "out", format, **choice)


def test_an_unknown_format_lists_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="torch, hub, c, onnx"):
        export(case().module, tmp_path / "out", "pickle")


@pytest.mark.parametrize(("types", "kind", "int8"), [(11, "lstm", True), (0, "gru", False)])
def test_outputs_are_equal_in_a_fresh_process(tmp_path: Path, int8: bool, types: int, kind: str) -> None:
    """By hyperprune, and by the folder's own module where hyperprune cannot be imported."""
    made = case(kind, types=types, block=(16, 1), inputs=32, hidden=32)
    folder = export(made.module, tmp_path / "out", int8=int8).folder
    expected, _ = load(folder).run(made.inputs)
    torch.save(made.inputs, tmp_path / "inputs.pt")
    ours = (
        "import torch, hyperprune.inference as i; x = torch.load('inputs.pt', weights_only=True);"
        "torch.save(i.load('out').run(x)[0], 'found.pt')"
    )
    theirs = (
        "import sys; sys.path.insert(0, 'out'); sys.modules['hyperprune'] = None; import torch;"
        "from module import load; x = torch.load('inputs.pt', weights_only=True);"
        "torch.save(load('out')(x)[0].detach(), 'found.pt')"
    )
    for code in (ours, theirs):
        subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)
        found = torch.load(tmp_path / "found.pt", weights_only=True)
        assert relative(found, expected) < TOLERANCE
        if code is ours:
            assert torch.equal(found, expected)
    if not int8:
        with torch.no_grad():
            assert relative(expected, made.module(made.inputs)[0]) < TOLERANCE


def test_a_plain_state_dictionary_needs_nothing_of_ours(tmp_path: Path) -> None:
    made = case("lstm", types=11)
    folder = export(made.module, tmp_path / "out", compact=False).folder
    from safetensors.torch import load_file

    twin = case("lstm", types=11, density=1.0).module
    twin.load_state_dict(load_file(folder / "model.safetensors"))
    with torch.no_grad():
        assert torch.equal(twin(made.inputs)[0], made.module(made.inputs)[0])


def test_a_model_card_has_what_the_hub_reads(tmp_path: Path) -> None:
    folder = export(case("gru", types=11).module, tmp_path / "out", "hub").folder
    page = (folder / "README.md").read_text()
    assert page.startswith("---\nlibrary_name: hyperprune\ntags:\n")
    assert "are live (" in page
    assert json.loads((folder / "config.json").read_bytes())["format"] == "hyperprune"
    with pytest.raises(ExportError, match="no class of hyperprune"):
        hyperprune.load_pretrained(folder)


def test_it_runs_where_compilers_are_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from hyperprune.inference import build

    monkeypatch.setenv("CC", "no-such-compiler")
    build.library.cache_clear()
    try:
        done = export(case().module, tmp_path / "out", "c")
        assert "no-such-compiler" in done.check.ran
        assert math.isnan(done.check.difference)
        assert export(case().module, tmp_path / "torch").check.ran.startswith("torch")
    finally:
        build.library.cache_clear()


class WithConvolution(nn.Module):
    """Its input has other channels than its recurrent layer."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv1d(4, 8, 3, padding=1)
        self.gru, self.out = nn.GRU(8, 8, batch_first=True), nn.Linear(8, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(self.gru(self.conv(x.mT).mT)[0])


def test_a_wrong_guess_of_the_inputs_asks_for_them(tmp_path: Path) -> None:
    """It ended in torch's own complaint about channels."""
    with pytest.raises(ConfigurationError, match="in inputs"):
        export(WithConvolution().eval(), tmp_path / "out")
    with pytest.raises(ConfigurationError, match="in inputs"):
        profile(WithConvolution().eval(), time=False)
    found = profile(WithConvolution().eval(), inputs=torch.randn(2, 5, 4), time=False)
    assert found.multiply_adds == 2 * 24 * 8 + 24


def _python(page: Path) -> list[str]:
    return re.findall(r"```python\n(.*?)```", page.read_text(), re.DOTALL)


def test_the_lines_of_the_readme_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """For a class of one's own they named a function that refuses it."""
    made = case("gru", types=0)
    plain = export(made.module, tmp_path / "plain", inputs=made.inputs).folder
    own = export(WithConvolution().eval(), tmp_path / "own", inputs=torch.randn(2, 5, 4)).folder
    for folder, names in (
        (plain, {"x": made.inputs[0], "inputs": made.inputs}),
        (own, {"network": WithConvolution()}),
    ):
        monkeypatch.chdir(folder)
        monkeypatch.syspath_prepend(str(folder))
        for block in _python(folder / "README.md"):
            exec(block, dict(names))
    assert len(_python(plain / "README.md")) == 2
