"""A network that was pruned in whole units is exported as a smaller one."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from plain_nets import relative
from torch import Tensor, nn
from torch.optim import SGD

import hyperprune
from hyperprune.export import export, profile
from hyperprune.inference import load
from hyperprune.models import ModelConfig, build
from hyperprune.search import configure_training, find
from hyperprune.sparsity import SparseTraining
from hyperprune.training import load_network, train
from hyperprune.training.train_one import VariantConfig

FORMATS = ("torch", "hub", "c", "onnx")


class Network(nn.Module):
    """Two recurrent modules between an embedding and a decoder, batch first."""

    def __init__(self, kind: type[nn.LSTM | nn.GRU | nn.RNN], *, tied: bool = False) -> None:
        super().__init__()
        self.embedding = nn.Embedding(20, 32)
        self.first, self.second = kind(32, 24, batch_first=True), kind(24, 32, batch_first=True)
        self.out = nn.Linear(32, 20)
        if tied:
            self.out.weight = self.embedding.weight

    def forward(self, tokens: Tensor) -> Tensor:
        return self.out(self.second(self.first(self.embedding(tokens))[0])[0])


def by_units(network: nn.Module, density: float = 0.4) -> nn.Module:
    SparseTraining(
        network,
        SGD(network.parameters(), lr=0.1),
        total_steps=10,
        pattern="units",
        density=density,
        death_rate=0.0,
        criterion="magnitude",
    )
    return network.eval()


@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize("kind", [nn.LSTM, nn.GRU, nn.RNN])
def test_units_are_gone_from_the_export(tmp_path: Path, kind: type[nn.LSTM], tied: bool) -> None:
    torch.manual_seed(0)
    network = by_units(Network(kind, tied=tied))
    tokens = torch.randint(20, (2, 7))
    with torch.no_grad():
        expected = network(tokens)
    done = export(network, tmp_path / "out", inputs=tokens)
    config = json.loads((done.folder / "config.json").read_text())
    live = [int((network.get_submodule(n).weight_hh_l0 != 0).any(dim=0).sum()) for n in ("first", "second")]
    gates = len(network.first.weight_hh_l0) // 24
    assert live[0] < 24
    assert live[1] < 32
    for name, units in zip(("first", "second"), live, strict=True):
        assert config["tensors"][f"{name}.weight_hh_l0"]["shape"] == [gates * units, units]
        assert config["tensors"][f"{name}.weight_hh_l0"]["layout"] == "dense"
    assert (config["tensors"]["embedding.weight"]["shape"] == [20, live[1]]) == tied
    found, _ = load(done.folder).run(tokens.T)
    assert relative(found.transpose(0, 1), expected) < 1e-5


@pytest.mark.parametrize("tied", [False, True])
def test_our_own_network_comes_back_as_a_smaller_one(
    tmp_path: Path, tied: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = VariantConfig.at
    monkeypatch.setattr(VariantConfig, "at", lambda own, density: replace(at(own, density), pattern="units"))
    values = {
        "corpus.source": "python-docs",
        "corpus.max_train_tokens": 3000,
        "corpus.max_vocabulary": 60,
        "model.kind": "stacked-lstm",
        "model.embedding": 16,
        "model.hidden": 16,
        "model.tied": tied,
        "recipe.epochs": 1,
        "variant.method": "one_shot_magnitude",
        "sparsity": 0.5,
    }
    train(configure_training(None, None, values), tmp_path / "run")
    network = load_network(find(tmp_path / "run").weights)
    tokens = torch.randint(60, (7, 2))
    with torch.no_grad():
        expected, _ = network(tokens)
    for format in FORMATS:
        done = export(tmp_path / "run", tmp_path / format, format)
        assert done.check.difference < 1e-5
    smaller = hyperprune.load_pretrained(tmp_path / "hub")
    assert isinstance(smaller.recurrent, nn.LSTM)
    assert smaller.recurrent.hidden_size < 16
    assert (smaller.embedding.embedding_dim < 16) == tied
    with torch.no_grad():
        found, _ = smaller(tokens)
    assert relative(found, expected) < 1e-5
    text = (tmp_path / "c" / "network.h").read_text()
    assert f"NETWORK_STATE {4 * smaller.recurrent.hidden_size} " in text
    account = profile(tmp_path / "run", time=False)
    assert account.memory["pruned, C float32"] < account.memory["dense, C float32"]
    assert account.live == hyperprune.load(tmp_path / "run").result.live


class ByHeart(nn.Module):
    """Knows its sizes by heart."""

    def __init__(self) -> None:
        super().__init__()
        self.gru, self.out = nn.GRU(4, 16), nn.Linear(16, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(self.gru(x, torch.zeros(1, x.shape[1], 16))[0])


def test_a_module_that_knows_its_sizes_stays_as_it_is(tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = by_units(ByHeart())
    done = export(network, tmp_path / "out", inputs=torch.randn(5, 2, 4))
    config = json.loads((done.folder / "config.json").read_text())
    assert config["tensors"]["gru.weight_hh_l0"]["shape"] == [48, 16]
    assert done.check.difference < 1e-5


def test_a_network_without_dead_units_is_left_alone(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = ModelConfig.model_validate({"kind": "gru", "embedding": 8, "hidden": 8, "layers": 2})
    network = build(model, 20).eval()
    done = export(network, tmp_path / "out")
    config = json.loads((done.folder / "config.json").read_text())
    assert config["tensors"]["recurrent.weight_hh_l1"]["shape"] == [24, 8]
