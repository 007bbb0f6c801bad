"""Checkpoints that people have: nested, prefixed, Lightning's; found, or explained, and never run."""

import argparse
import collections
import logging
import pathlib
import re
from pathlib import Path
from typing import Any

import numpy
import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils import parametrizations, parametrize, prune

from hyperprune.errors import CheckpointError
from hyperprune.training.stored.found_weights import NESTED
from hyperprune.training.stored.weights_file import GivenWeights, load_given, say_origin


class Net(nn.Module):
    """A small recurrent network."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(3, 4)
        self.out = nn.Linear(4, 2)

    def forward(self, x: Tensor) -> Tensor:
        scores: Tensor = self.out(self.lstm(x)[0])
        return scores


class Options:
    """A class that no file of weights may hold."""


@pytest.fixture
def state() -> dict[str, Tensor]:
    torch.manual_seed(5)
    return Net().state_dict()


def _load(path: Path, held: Any, network: nn.Module | None = None) -> tuple[nn.Module, str]:
    torch.save(held, path)
    network = Net() if network is None else network
    return network, load_given(network, GivenWeights(checkpoint=str(path)))


def _refused(path: Path, held: Any, network: nn.Module | None = None) -> str:
    with pytest.raises(CheckpointError) as raised:
        _load(path, held, network)
    line = str(raised.value)
    assert str(path) in line
    assert line.isprintable()
    assert "weights_only" not in line
    return line


def _prefixed(state: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {prefix + name: value for name, value in state.items()}


def _lightning(state: dict[str, Tensor], **further: Any) -> dict[str, Any]:
    """What Trainer.save_checkpoint of Lightning 2 writes, key by key."""
    network = Net()
    optimizer = torch.optim.Adam(network.parameters())
    network(torch.zeros(2, 1, 3)).sum().backward()
    optimizer.step()
    return {
        "epoch": 3,
        "global_step": 120,
        "pytorch-lightning_version": "2.4.0",
        "state_dict": _prefixed(state, "model."),
        "loops": {"fit_loop": {"state_dict": {}, "epoch_progress": {"total": {"ready": 4}}}},
        "callbacks": {"ModelCheckpoint{'monitor': 'loss'}": {"best_model_score": torch.tensor(0.5)}},
        "optimizer_states": [optimizer.state_dict()],
        "lr_schedulers": [{"base_lrs": [0.001], "last_epoch": 3}],
        "hparams_name": "kwargs",
        "hyper_parameters": {"hidden": 4, "lr": 1e-3},
        **further,
    }


@pytest.mark.parametrize("prefix", ["module.", "model.", "_orig_mod.", "net.", "lit.rnn."])
@pytest.mark.parametrize("suffix", [".pt", ".pth", ".ckpt", ".bin", ".pth.tar"])
def test_prefixes_are_stripped_and_said(
    tmp_path: Path, state: dict[str, Tensor], prefix: str, suffix: str
) -> None:
    network, said = _load(tmp_path / f"a{suffix}", _prefixed(state, prefix))
    assert all(torch.equal(value, state[name]) for name, value in network.state_dict().items())
    assert said == f"names without {prefix}"


@pytest.mark.parametrize(
    ("prefix", "said"),
    [
        ("model._orig_mod.", "names without model.; names without _orig_mod."),
        ("_orig_mod.module.", "names without module.; names without _orig_mod."),
        ("module.model.", "names without module.model."),
        ("model.module._orig_mod.", "names without model.module.; names without _orig_mod."),
    ],
)
def test_prefixes_in_any_combination(
    tmp_path: Path, state: dict[str, Tensor], prefix: str, said: str
) -> None:
    network, found = _load(tmp_path / "a.pt", _prefixed(state, prefix))
    assert all(torch.equal(value, state[name]) for name, value in network.state_dict().items())
    assert found == said


def test_a_part_that_was_compiled_is_found_on_both_sides(tmp_path: Path, state: dict[str, Tensor]) -> None:
    """torch.compile of one layer puts its word into the middle of names, in the file or in the network."""
    inner = {re.sub(r"^lstm\.", "lstm._orig_mod.", name): value for name, value in state.items()}
    network, said = _load(tmp_path / "a.pt", inner)
    assert torch.equal(network.state_dict()["lstm.weight_hh_l0"], state["lstm.weight_hh_l0"])
    assert said == "names without _orig_mod."
    whole = torch.compile(Net(), backend="eager")
    assert isinstance(whole, nn.Module)
    network, said = _load(tmp_path / "b.pt", state, whole)
    assert torch.equal(network.state_dict()["_orig_mod.out.weight"], state["out.weight"])
    assert said == ""


@pytest.mark.parametrize("key", NESTED)
def test_nested_dictionaries_are_found_and_what_is_left_is_said(
    tmp_path: Path, state: dict[str, Tensor], key: str
) -> None:
    optimizer = torch.optim.Adam(Net().parameters()).state_dict()
    network, said = _load(tmp_path / "a.pt", {"epoch": 3, key: state, "optimizer": optimizer, "loss": 0.5})
    assert torch.equal(network.state_dict()["out.weight"], state["out.weight"])
    assert said == f"its {key}; without epoch, optimizer, loss, which it holds beside them"


def test_nests_in_nests_and_names_of_ones_own(tmp_path: Path, state: dict[str, Tensor]) -> None:
    network, said = _load(tmp_path / "a.pt", {"model": {"state_dict": _prefixed(state, "module.")}})
    assert torch.equal(network.state_dict()["out.weight"], state["out.weight"])
    assert said == "its model.state_dict; names without module."
    _, said = _load(tmp_path / "b.pt", {"step": 3, "rnn_params": dict(state)})
    assert said == "its rnn_params; without step, which it holds beside them"


def test_a_checkpoint_of_lightning_is_read(tmp_path: Path, state: dict[str, Tensor]) -> None:
    network, said = _load(tmp_path / "last.ckpt", _lightning(state))
    assert all(torch.equal(value, state[name]) for name, value in network.state_dict().items())
    assert said.startswith("its state_dict; names without model.; without epoch, global_step, ")
    assert said.endswith(" and 6 more, which it holds beside them")


def test_plain_data_beside_the_weights_stops_nothing(tmp_path: Path, state: dict[str, Tensor]) -> None:
    """Arguments of a command line and paths are in checkpoints of many trainers, and run nothing."""
    further = {"args": argparse.Namespace(lr=0.1), "folder": pathlib.Path("/somewhere")}
    network, _ = _load(tmp_path / "a.ckpt", _lightning(state, **further))
    assert torch.equal(network.state_dict()["out.weight"], state["out.weight"])


@pytest.mark.parametrize("foreign", [Options(), numpy.float64(3.0), collections.deque([1]), Net()])
def test_what_only_its_program_can_read_has_a_remedy(
    tmp_path: Path, state: dict[str, Tensor], foreign: Any
) -> None:
    """Torch advises to load such a file in the way that runs what it holds; in colours."""
    line = _refused(tmp_path / "a.ckpt", _lightning(state, hyper_parameters={"own": foreign}))
    assert "it holds a " in line
    assert "open it in the program that made it (Lightning: load_from_checkpoint of your module)" in line
    assert 'torch.save(network.state_dict(), "weights.pt")' in line


def test_weights_beside_the_network_are_left_out_and_said(tmp_path: Path, state: dict[str, Tensor]) -> None:
    """A metric or a loss of a Lightning module has buffers of its own."""
    held = {**_prefixed(state, "model."), "loss.weight": torch.ones(2), "ema.decay": torch.ones(())}
    network, said = _load(tmp_path / "a.ckpt", {"state_dict": held})
    assert torch.equal(network.state_dict()["out.weight"], state["out.weight"])
    assert said == (
        "its state_dict; names without model.; without loss.weight, ema.decay, which it holds beside them"
    )


def test_two_networks_of_a_kind_are_refused_unless_one_has_the_usual_name(
    tmp_path: Path, state: dict[str, Tensor]
) -> None:
    torch.manual_seed(6)
    other = Net().state_dict()
    line = _refused(tmp_path / "a.pt", {**_prefixed(state, "student."), **_prefixed(other, "teacher.")})
    assert "holds 2 networks of this kind, under student., teacher.: save the one that you mean" in line
    network, said = _load(tmp_path / "b.pt", {**_prefixed(other, "ema."), **_prefixed(state, "model.")})
    assert torch.equal(network.state_dict()["out.weight"], state["out.weight"])
    assert said.startswith("names without model.; without ema.")


def test_a_network_of_such_names_keeps_them(tmp_path: Path, state: dict[str, Tensor]) -> None:
    """A module that is called model itself is no wrapper."""
    network = nn.ModuleDict({"model": Net()})
    _, said = _load(tmp_path / "a.pt", _prefixed(state, "model."), network)
    assert said == ""
    assert torch.equal(network.state_dict()["model.out.weight"], state["out.weight"])


def test_tied_weights_are_found_behind_a_prefix_by_one_name(tmp_path: Path) -> None:
    class Tied(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embed = nn.Embedding(5, 3)
            self.decode = nn.Linear(3, 5, bias=False)
            self.decode.weight = self.embed.weight

    weight = torch.randn(5, 3)
    network, said = _load(tmp_path / "a.pt", {"module.embed.weight": weight}, Tied())
    assert said == "names without module."
    assert torch.equal(network.state_dict()["decode.weight"], weight)


def test_what_is_missing_is_named_behind_the_prefix(tmp_path: Path, state: dict[str, Tensor]) -> None:
    del state["out.bias"]
    assert "lacks out.bias, which Net has" in _refused(tmp_path / "a.pt", _prefixed(state, "model."))
    assert "lacks lstm.weight_ih_l0" in _refused(tmp_path / "b.pt", {"x.y": torch.zeros(1)})


def _old_weight_norm(network: Net) -> None:
    with pytest.warns(FutureWarning):
        nn.utils.weight_norm(network.lstm, "weight_hh_l0")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (
            _old_weight_norm,
            "lstm.weight_hh_l0 is weight-normed there, kept as lstm.weight_hh_l0_g and lstm.weight_hh_l0_v: "
            'call torch.nn.utils.remove_weight_norm(module, "weight_hh_l0")',
        ),
        (
            lambda network: parametrizations.weight_norm(network.lstm, "weight_hh_l0"),
            "lstm.weight_hh_l0 is weight-normed there, kept as "
            "lstm.parametrizations.weight_hh_l0.original0 and lstm.parametrizations.weight_hh_l0.original1: "
            'call torch.nn.utils.parametrize.remove_parametrizations(module, "weight_hh_l0")',
        ),
        (
            lambda network: parametrize.register_parametrization(network.out, "weight", nn.Identity()),
            "out.weight is parametrised there, kept as out.parametrizations.weight.original: call ",
        ),
        (
            lambda network: prune.l1_unstructured(network.out, "weight", 0.5),
            "out.weight is pruned by torch there, kept as out.weight_orig and out.weight_mask: call "
            'torch.nn.utils.prune.remove(module, "weight")',
        ),
    ],
)
@pytest.mark.parametrize("prefix", ["", "model."])
def test_names_of_computed_weights_are_explained(tmp_path: Path, change: Any, says: str, prefix: str) -> None:
    """ "Lacks weight_hh_l0" says nothing to whoever has weight norm; the other way round likewise."""
    network = Net()
    change(network)
    line = _refused(tmp_path / "a.pt", _prefixed(network.state_dict(), prefix))
    assert f"holds parts of weights: {says}" in line
    assert line.endswith("before you save the state_dict()")
    line = _refused(tmp_path / "b.pt", _prefixed(Net().state_dict(), prefix), network)
    assert f"holds plain weights, and Net computes its own: {says}" in line


@pytest.mark.parametrize(
    "held",
    [
        {"a": {"w": torch.zeros(1)}, "b": {"w": torch.zeros(1)}},
        {"optimizer": {"state": {0: {"step": torch.zeros(1)}}}},
        {"state_dict": {}},
        {"state_dict": [torch.zeros(1)]},
        {"model": {"model": {"model": {"model": {"model": {"model": {"model": {"w": torch.zeros(1)}}}}}}}},
    ],
)
def test_nests_without_one_network_are_refused_in_a_line(tmp_path: Path, held: Any) -> None:
    _refused(tmp_path / "a.pt", held)


def test_no_escape_codes_in_messages(tmp_path: Path, state: dict[str, Tensor]) -> None:
    """Names from a file reached the terminal raw, and torch's own advice came in bold."""
    name = "\x1b[31mred\x07\u202e"
    for number, held in enumerate(
        [
            {**state, name: torch.zeros(1)},
            {name: {"w": torch.zeros(1)}, "b": {"w": torch.zeros(1)}},
            {f"{name}_g": torch.zeros(1), f"{name}_v": torch.zeros(1)},
            {"out.weight": torch.zeros(2, 4).to_sparse(), name: torch.zeros(1)},
            {name: Options()},
        ]
    ):
        assert "\x1b" not in _refused(tmp_path / f"{number}.pt", held)


def test_how_weights_were_found_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    given = GivenWeights(checkpoint="net.ckpt")
    with caplog.at_level(logging.WARNING):
        say_origin(given, "")
        say_origin(given, "its state_dict; names without model.")
    assert [record.message for record in caplog.records] == [
        "net.ckpt: read its state_dict; names without model."
    ]
