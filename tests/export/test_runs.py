"""From trained runs to exports, profiles and text, as the commands do it."""

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from plain_nets import case, relative
from torch import nn

import hyperprune
from hyperprune.cli import main
from hyperprune.corpora.tokens import text_of
from hyperprune.errors import ConfigurationError, ExportError
from hyperprune.export import export, profile
from hyperprune.inference import load
from hyperprune.inference.generate import generate
from hyperprune.search import configure_training, find
from hyperprune.training import load_network, train

TINY: dict[str, Any] = {
    "corpus.source": "python-docs",
    "corpus.max_train_tokens": 3000,
    "corpus.max_vocabulary": 60,
    "model.embedding": 12,
    "model.hidden": 12,
    "recipe.epochs": 1,
    "sparsity": 0.8,
}
KINDS = ("gru", "awd-lstm", "rhn", "on-lstm", "awd-lstm-mos")


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of each kind of network, and one of the task digits."""
    place = tmp_path_factory.mktemp("runs")
    for kind in KINDS:
        changes = {"model.kind": kind} | ({"model.chunk": 4} if kind == "on-lstm" else {})
        train(configure_training(None, None, TINY | changes), place / kind)
    digits = {"task.object": "digits", "task.settings.hidden": 12, "recipe.epochs": 1, "sparsity": 0.8}
    train(configure_training(None, None, digits), place / "digits")
    return place


Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Command:
    """Run ``hyperprune ARGUMENTS`` in this process and an empty folder: status, output, error lines."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["hyperprune", *map(str, arguments)])
        capfd.readouterr()
        with pytest.raises(SystemExit) as end:
            main()
        shown = capfd.readouterr()
        return int(end.value.code or 0), shown.out, shown.err

    return run


@pytest.mark.parametrize("kind", KINDS)
def test_a_language_model_comes_back_whole(runs: Path, tmp_path: Path, kind: str) -> None:
    done = export(runs / kind, tmp_path / "out", "hub")
    network = load_network(find(runs / kind).weights)
    tokens = torch.randint(60, (7, 2), generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        expected, _ = network(tokens)
        found, _ = hyperprune.load_pretrained(done.folder)(tokens)
    assert torch.equal(found, expected)
    running = load(done.folder)
    assert relative(running.run(tokens)[0], expected) < 1e-5
    state, steps = None, []
    for x in tokens:
        y, state = running.step(x, state)
        steps.append(y)
    assert relative(torch.stack(steps), expected) < 1e-5
    plain = kind in ("gru", "awd-lstm")
    assert (done.plain == "") is plain
    assert plain or running.kernel == "torch"
    assert "Perplexity on the validation part" in (done.folder / "README.md").read_text()


def test_a_step_of_torchs_lstm_does_not_reorder_its_weights(
    runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At 650 units, a step with oneDNN takes 30 times as long as one without."""
    running = load(export(runs / "awd-lstm-mos", tmp_path / "out").folder)
    seen = []
    honest = torch._VF.lstm

    def lstm(*arguments: Any) -> Any:
        seen.append(torch.backends.mkldnn.enabled)
        return honest(*arguments)

    before = torch.backends.mkldnn.enabled
    monkeypatch.setattr(torch._VF, "lstm", lstm)
    running.step(3)
    assert seen
    assert not any(seen)
    assert torch.backends.mkldnn.enabled is before


def test_masks_say_what_lives(runs: Path, tmp_path: Path) -> None:
    """A live weight that happens to be zero is kept; counts are those of the run."""
    folder = export(runs / "gru", tmp_path / "out").folder
    document = json.loads((folder / "config.json").read_bytes())
    live = sum(record["live"] for record in document["tensors"].values())
    assert live == hyperprune.load(runs / "gru").result.live


@pytest.mark.parametrize("format", ["torch", "c", "onnx"])
@pytest.mark.parametrize("name", ["gru", "digits"])
def test_int8_shows_its_loss_beside_the_full_one(runs: Path, tmp_path: Path, format: str, name: str) -> None:
    check = export(runs / name, tmp_path / "out", format, int8=True).check
    assert check.real
    assert check.losses is not None
    exact, narrow = check.losses
    assert abs(narrow - exact) < 0.1


def test_a_checkpoint_outside_its_run_is_checked_on_random_tokens(runs: Path, tmp_path: Path) -> None:
    weights = find(runs / "gru").weights
    for suffix in (".safetensors", ".json"):
        (tmp_path / weights.name).with_suffix(suffix).write_bytes(weights.with_suffix(suffix).read_bytes())
    done = export(tmp_path / weights.name, tmp_path / "out", int8=True)
    assert not done.check.real
    assert done.check.losses is None
    assert done.check.difference < 1e-5


def test_an_own_class_is_built_by_its_owner(runs: Path, tmp_path: Path) -> None:
    from hyperprune.inference import read_folder
    from hyperprune.tasks.digits import RowReader

    folder = export(runs / "digits", tmp_path / "out").folder
    with pytest.raises(ExportError, match="RowReader"):
        hyperprune.load_pretrained(folder)
    reader = RowReader(12, 1)
    reader.load_state_dict(read_folder(folder).state())
    images = torch.rand(3, 8, 8)
    with torch.no_grad():
        expected = reader(images)
    found, _ = load(folder).run(images.transpose(0, 1))
    assert relative(found[-1], expected) < 1e-5


def test_a_profile_counts_what_there_is(runs: Path, tmp_path: Path) -> None:
    found = profile(runs / "gru", rounds=1)
    assert found.live == hyperprune.load(runs / "gru").result.live
    network = load_network(find(runs / "gru").weights)
    assert found.weights == sum(parameter.numel() for parameter in network.parameters())
    assert found.multiply_adds == sum(row.live for row in found.rows if row.matrix != "embedding")
    assert {row.gate for row in found.rows if row.matrix.startswith("layer")} == {"reset", "update", "new"}
    assert found.disk < found.dense_disk
    assert found.timings["pruned, C float32"].latency > 0
    assert found.timings["dense, torch float32"].slower == 1.0
    exported = export(runs / "gru", tmp_path / "out").folder
    again = profile(exported, time=False)
    assert (again.live, again.multiply_adds, again.rows) == (found.live, found.multiply_adds, found.rows)
    assert again.disk == (exported / "model.safetensors").stat().st_size
    assert again.timings == {}


@pytest.mark.parametrize(("format", "int8"), [("c", False), ("c", True), ("onnx", False)])
def test_an_export_in_c_or_onnx_says_what_it_holds(
    runs: Path, tmp_path: Path, format: Any, int8: bool
) -> None:
    """Its weights are not read back, so the account is written beside them."""
    if format == "onnx":
        pytest.importorskip("onnxruntime")
    done = export(runs / "gru", tmp_path / "out", format, int8=int8)
    found, run = profile(done.folder), profile(runs / "gru", time=False)
    assert (found.rows, found.live, found.multiply_adds) == (run.rows, run.live, run.multiply_adds)
    assert (found.weights, found.dense_disk) == (run.weights, run.dense_disk)
    assert found.disk == done.weights_bytes
    assert found.timings == {}
    for damage, says in (
        (b"{", "is no JSON document"),
        (b"[]", "schema_version None"),
        (b'{"schema_version": 9}', "schema_version 9"),
        (b'{"schema_version": 1, "format": "c"}', "is damaged: bytes: Field required"),
        (b" " * (2**20 + 1), "more than 1,048,576 bytes"),
    ):
        (done.folder / "account.json").write_bytes(damage)
        with pytest.raises(ExportError, match=says):
            profile(done.folder)


@pytest.mark.parametrize("kind", ["rhn", "on-lstm", "awd-lstm-mos"])
def test_a_network_without_kernels_is_profiled_on_torch(runs: Path, tmp_path: Path, kind: str) -> None:
    """It was refused, although its weights, products and bytes can be counted."""
    found = profile(runs / kind, rounds=1)
    network = load_network(find(runs / kind).weights)
    assert found.live == hyperprune.load(runs / kind).result.live
    assert found.weights == sum(parameter.numel() for parameter in network.parameters())
    experts = getattr(network, "experts", 1)
    decoder = sum(row.live for row in found.rows if row.matrix == "embedding.weight")  # tied
    rest = sum(row.live for row in found.rows if row.matrix != "embedding.weight")
    looked_up = network.decoder.weight is not network.embedding.weight
    assert found.multiply_adds == rest + (0 if looked_up else experts * decoder)
    assert found.disk < found.dense_disk
    (timing,) = found.timings.values()
    assert timing.latency > 0
    again = profile(export(runs / kind, tmp_path / "out", "hub").folder, time=False)
    assert (again.live, again.multiply_adds, again.rows) == (found.live, found.multiply_adds, found.rows)


def test_the_commands_export_profile_and_generate(runs: Path, command: Command) -> None:
    """The story: a run, its export, its account, and text from both that is the same."""
    status, out, err = command("export", runs / "gru", "--format", "torch", "--out", "out", "--json")
    assert status == 0, err
    assert json.loads(out)["check"]["difference"] < 1e-5
    status, out, err = command("export", runs / "digits", "--format", "c", "--out", "c", "--int8")
    assert status == 0, err
    assert "checked by main.c" in out
    assert "with 8-bit weights" in out
    status, out, err = command("profile", "out", "--rounds", 1)
    assert status == 0, err
    assert "multiply-adds a token" in out
    assert re.search(r"fastest here at batch 1: \w+", out)
    words = ["--prompt", "the", "--tokens", 12, "--seed", 3]
    texts = [command("generate", of, *words) for of in ("out", runs / "gru")]
    assert texts[0] == texts[1]
    assert texts[0][1].startswith("the")


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (("export", "nowhere"), "does not exist"),
        (("export", "RUN", "--format", "pickle"), "torch, hub, c, onnx"),
        (("export", "RUN", "--prefer", "beauty"), "size, speed"),
        (("export", "RUN", "--format", "c", "--whole"), "does not belong"),
        (("export", "RHN", "--format", "c"), "export it as torch"),
        (("generate", "DIGITS"), "language model"),
        (("generate", "RUN", "--level", "syllable"), "word, character"),
    ],
)
def test_mistakes_are_one_line(
    runs: Path, tmp_path: Path, command: Command, arguments: tuple[str, ...], what: str
) -> None:
    places = {"RUN": runs / "gru", "RHN": runs / "rhn", "DIGITS": runs / "digits"}
    status, _, err = command(*(places.get(word, word) for word in arguments))
    assert status == 2
    (line,) = err.splitlines()
    assert what in line
    assert list(tmp_path.iterdir()) == []


class Counting:
    """A language model that always goes on to the next type; knows no word but its own."""

    kernel, why = "torch", ""

    def __init__(self, vocabulary: tuple[str, ...]) -> None:
        self.vocabulary = vocabulary

    def step(self, x: Any, state: Any = None) -> tuple[torch.Tensor, Any]:
        scores = torch.zeros(len(self.vocabulary))
        scores[(int(torch.as_tensor(x)) + 1) % len(self.vocabulary)] = 50.0
        return scores, state

    def run(self, inputs: Any, state: Any = None) -> tuple[torch.Tensor, Any]:
        return torch.stack([self.step(x)[0] for x in inputs]), state


def test_text_goes_on_from_its_prompt() -> None:
    network = Counting(("a", "b", "c"))
    assert list(generate(network, ["a"], 4)) == ["b", "c", "a", "b"]
    assert list(generate(network, ["a"], 4, temperature=0)) == ["b", "c", "a", "b"]
    with pytest.raises(ConfigurationError, match="never seen 'z'"):
        list(generate(network, ["z"], 1))


def test_an_unknown_word_is_never_drawn() -> None:
    drawn = list(generate(Counting(("a", "<unk>", "c")), ["a"], 50, seed=1))
    assert "<unk>" not in drawn
    assert set(drawn) == {"a", "c"}


def test_words_and_characters_as_people_read_them() -> None:
    assert text_of(["the", "cat", "<eos>", "sat"], "word") == "the cat\nsat"
    assert text_of(["t", "h", " ", "<eos>", "x"], "character") == "th \nx"


def test_a_pruned_profile_is_of_the_module_too() -> None:
    made = case("lstm", types=11, block=(16, 1), inputs=32, hidden=32)
    found = profile(made.module, time=False)
    assert found.live == sum(int((p != 0).sum()) for p in made.module.parameters() if p.dim() == 2) + sum(
        p.numel() for p in made.module.parameters() if p.dim() == 1
    )


@pytest.mark.parametrize("format", ["c", "onnx", "torch"])
def test_an_export_given_where_a_run_belongs_is_called_by_its_name(
    runs: Path, tmp_path: Path, command: Command, format: str
) -> None:
    """It was neither a checkpoint nor a run folder, and nothing more."""
    folder = export(runs / "gru", tmp_path / "made", format).folder
    status, _, err = command("export", folder, "--format", "c", "--out", "again")
    assert (status, f"is an export of the format {format}" in err) == (2, True)
    if format != "torch":
        assert command("generate", folder)[0] == 2
        status, out, _ = command("profile", folder)
        assert status == 0
        assert "not measured" in out


def test_a_dense_network_is_not_called_pruned(runs: Path, tmp_path: Path) -> None:
    page = (export(nn.GRU(4, 4).eval(), tmp_path / "dense").folder / "README.md").read_text()
    assert page.startswith("# GRU\n")
    page = (export(runs / "digits", tmp_path / "digits", "hub").folder / "README.md").read_text()
    assert "# RowReader, pruned\n" in page
    assert re.search(r"Error rate on the validation part: 0\.\d{4}\.\n", page)
