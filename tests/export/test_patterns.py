"""Units that pruning took out are gone from an export, and blocks are kept as blocks."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from plain_nets import relative
from torch import Tensor, nn

import hyperprune
from hyperprune.export import export, profile, subject_of
from hyperprune.export.smaller import without_dead_units
from hyperprune.inference import load
from hyperprune.inference.build import BuildError, compiler
from hyperprune.search import configure_training, find
from hyperprune.sparsity import SparseTraining
from hyperprune.training import load_network, train

TOLERANCE = 1e-5
KINDS: dict[str, type[nn.RNNBase]] = {"lstm": nn.LSTM, "gru": nn.GRU, "rnn": nn.RNN}


class Language(nn.Module):
    """Tokens in, scores and the state out."""

    def __init__(self, kind: str = "lstm", *, tied: bool = False) -> None:
        super().__init__()
        self.embedding = nn.Embedding(32, 32 if tied else 16)
        self.recurrent = KINDS[kind](32 if tied else 16, 32, 2)
        self.decoder = nn.Linear(32, 32)
        if tied:
            self.decoder.weight = self.embedding.weight

    def forward(self, tokens: Tensor, state: Any = None) -> tuple[Tensor, Any]:
        hidden, state = self.recurrent(self.embedding(tokens), state)
        return self.decoder(hidden), state


class Layers(nn.Module):
    """Modules of different sizes, batch first, of which the last step is read."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.GRU(8, 24, batch_first=True), nn.GRU(24, 16, batch_first=True)
        self.out = nn.Linear(16, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(self.second(self.first(x)[0])[0][:, -1])


def _pruned(network: nn.Module, pattern: str, density: float = 0.3, **rules: Any) -> nn.Module:
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1)
    rules = {"criterion": "magnitude", "death_rate": 0.0, **rules}
    SparseTraining(network, optimizer, density=density, pattern=pattern, **rules)
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            if "bias" in name:  # a unit without weights still says something
                parameter.uniform_(-1, 1, generator=torch.Generator().manual_seed(len(name)))
    return network.eval()


@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_the_network_that_is_left_is_smaller_and_gives_the_same(kind: str, tied: bool) -> None:
    torch.manual_seed(0)
    network = _pruned(Language(kind, tied=tied), "units")
    subject = subject_of(network)
    small = without_dead_units(subject, subject.traced())[0].network
    size = small.recurrent.hidden_size
    assert 0 < size < 28
    assert small.recurrent.input_size == (size if tied else 16) == small.embedding.embedding_dim
    plain = KINDS[kind](small.recurrent.input_size, size, 2)
    plain.load_state_dict(small.recurrent.state_dict())
    tokens = torch.randint(32, (11, 3), generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        assert relative(small(tokens)[0], network(tokens)[0]) < TOLERANCE
        hidden = plain(small.embedding(tokens))[0]
        assert relative(small.decoder(hidden), network(tokens)[0]) < TOLERANCE


def test_modules_of_different_sizes_and_a_last_step() -> None:
    torch.manual_seed(0)
    network = _pruned(Layers(), "units", density_factors={"first.weight_hh_l0": 0.7})
    subject = subject_of(network)
    small = without_dead_units(subject, subject.traced())[0].network
    assert small.first.hidden_size < 24
    assert small.second.hidden_size < 16
    x = torch.randn(5, 7, 8)
    with torch.no_grad():
        assert relative(small(x), network(x)) < TOLERANCE


_FRESH = """
import sys, torch
sys.path.insert(0, ".")
from module import load
network = load(".")
torch.save(network(torch.load("tokens.pt"))[0], "outputs.pt")
assert "hyperprune" not in sys.modules
print(type(network.recurrent[0]).__name__, network.recurrent[0].hidden_size, network.recurrent[0].num_layers)
"""


def test_a_plain_smaller_module_comes_out_in_a_fresh_process(tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = _pruned(Language("lstm"), "units")
    done = export(network, tmp_path / "out", "torch")
    tokens = torch.randint(32, (9, 2), generator=torch.Generator().manual_seed(2))
    torch.save(tokens, done.folder / "tokens.pt")
    said = subprocess.run(
        [sys.executable, "-I", "-c", _FRESH], cwd=done.folder, capture_output=True, text=True, check=True
    ).stdout.split()
    assert said == ["LSTM", str(done.units["recurrent.weight_hh_l0"][1]), "2"]
    with torch.no_grad():
        assert relative(torch.load(done.folder / "outputs.pt"), network(tokens)[0]) < TOLERANCE
    running = load(done.folder)
    assert relative(running.run(tokens)[0], network(tokens)[0].detach()) < TOLERANCE


@pytest.mark.parametrize("format", ["hub", "c", "onnx"])
def test_every_format_is_of_the_smaller_network(tmp_path: Path, format: Any) -> None:
    torch.manual_seed(0)
    network = _pruned(Language("gru", tied=True), "units")
    if format == "onnx":
        pytest.importorskip("onnxruntime")
    done = export(network, tmp_path / "small", format, inputs=torch.randint(32, (6, 2)))
    dense = export(Language("gru", tied=True), tmp_path / "dense", format, inputs=torch.randint(32, (6, 2)))
    assert [after < before for before, after in done.units.values()] == [True, True]
    assert done.weights_bytes < 0.7 * dense.weights_bytes
    assert done.check.difference < TOLERANCE or format == "c"


@pytest.mark.parametrize(("pattern", "block"), [("16x1", (16, 1)), ("8x4", (8, 4))])
@pytest.mark.parametrize("kind", ["lstm", "gru"])
def test_blocks_are_found_by_themselves(
    tmp_path: Path, kind: str, pattern: str, block: tuple[int, int]
) -> None:
    torch.manual_seed(0)
    network = _pruned(Language(kind), pattern)
    done = export(network, tmp_path / "torch", "torch")
    records = json.loads((done.folder / "config.json").read_text())["tensors"]
    for name in ("recurrent.weight_hh_l0", "recurrent.weight_ih_l1", "decoder.weight"):
        assert tuple(records[name]["block"]) == block, name
        assert records[name]["layout"] != "dense"
    try:
        compiler()
    except BuildError:
        pytest.skip("no compiler")
    kept = export(network, tmp_path / "c", "c").kept
    assert {name: choice.layout.name for name, choice in kept.items() if name != "embedding"} == {
        name: pattern for name in kept if name != "embedding"
    }
    why = load(done.folder, prefer="size").why  # by speed, small matrices may take a plainer layout
    assert f"layer 0 recurrent as {pattern}" in why


TEXT: dict[str, Any] = {
    "corpus.source": "python-docs",
    "corpus.max_train_tokens": 3000,
    "corpus.max_vocabulary": 64,
    "model.embedding": 16,
    "model.hidden": 16,
    "recipe.epochs": 2,
    "sparsity": 0.5,
    "variant.method": "gradual_magnitude",
    "variant.update_interval": 5,
}


@pytest.mark.parametrize(
    ("changes", "same"),
    [
        ({"model.kind": "stacked-lstm"}, True),
        ({"model.kind": "gru", "model.tied": True}, True),
        ({"model.kind": "awd-lstm", "model.tied": True}, True),
    ],
    ids=lambda value: "-".join(map(str, value.values())) if isinstance(value, dict) else "",
)
def test_a_run_with_units_is_shipped_smaller(tmp_path: Path, changes: dict[str, Any], same: bool) -> None:
    train(configure_training(None, None, {**TEXT, "variant.pattern": "units", **changes}), tmp_path / "run")
    done = export(tmp_path / "run", tmp_path / "out", "hub")
    assert done.units
    assert all(after < before for before, after in done.units.values())
    whole = load_network(find(tmp_path / "run").weights)
    small = hyperprune.load_pretrained(done.folder)
    assert type(small).__name__ == type(whole).__name__
    tokens = torch.randint(64, (7, 2), generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        assert relative(small(tokens)[0], whole(tokens)[0]) < TOLERANCE
    assert sum(p.numel() for p in small.parameters()) < sum(p.numel() for p in whole.parameters())
    assert profile(done.folder).live <= profile(tmp_path / "run").live
