"""Live weights by matrix and gate, on networks whose masks are written out."""

import torch
from torch import nn

from hyperprune.models import AWDLSTMConfig, ModelConfig
from hyperprune.training.measuring.live_weights import live_weights


def test_gates_are_counted_apart() -> None:
    """Hidden size 1: each row of a recurrent matrix is a gate, in torch's order."""
    network = nn.ModuleDict({"rnn": nn.LSTM(2, 1), "out": nn.Linear(1, 3)})
    mask = torch.tensor([[1, 1], [1, 0], [0, 0], [0, 1]], dtype=torch.bool)
    assert live_weights(network, {"rnn.weight_ih_l0": mask}) == {
        "rnn.weight_ih_l0[input]": 2,
        "rnn.weight_ih_l0[forget]": 1,
        "rnn.weight_ih_l0[cell]": 0,
        "rnn.weight_ih_l0[output]": 1,
        "rnn.weight_hh_l0[input]": 1,
        "rnn.weight_hh_l0[forget]": 1,
        "rnn.weight_hh_l0[cell]": 1,
        "rnn.weight_hh_l0[output]": 1,
        "out.weight": 3,
    }


def test_other_networks_and_shared_matrices() -> None:
    gru = nn.GRUCell(2, 2)
    assert live_weights(gru, {})["weight_hh[update]"] == 4
    assert set(live_weights(nn.RNN(2, 3), {})) == {"weight_ih_l0", "weight_hh_l0"}
    tied = nn.ModuleDict({"a": nn.Embedding(5, 2), "b": nn.Linear(2, 5, bias=False)})
    tied["b"].weight = tied["a"].weight
    assert live_weights(tied, {}) == {"a.weight": 10}


def test_gates_of_a_sparse_gru() -> None:
    """Hidden size 1: the rows are reset, update and new; the mask decides, not the weights' values."""
    network = nn.ModuleDict({"recurrent": nn.GRU(2, 1)})
    mask = torch.tensor([[1, 1], [0, 0], [0, 1]], dtype=torch.bool)
    found = live_weights(network, {"recurrent.weight_ih_l0": mask})
    assert found == {
        "recurrent.weight_ih_l0[reset]": 2,
        "recurrent.weight_ih_l0[update]": 0,
        "recurrent.weight_ih_l0[new]": 1,
        "recurrent.weight_hh_l0[reset]": 1,
        "recurrent.weight_hh_l0[update]": 1,
        "recurrent.weight_hh_l0[new]": 1,
    }


def test_gates_of_unequal_rows_are_those_the_layer_names() -> None:
    own = ModelConfig.model_validate(
        {"kind": "on-lstm", "hidden": 4, "embedding": 4, "layers": 1, "chunk": 2}
    )
    mask = torch.zeros(4 * 4 + 2 * 2, 4).bool()
    mask[2:4] = True  # the second master gate: one row for each chunk
    found = live_weights(own.build(5), {"recurrent.0.weight_hh": mask})
    gates = {name: n for name, n in found.items() if "weight_hh" in name}
    assert gates.pop("recurrent.0.weight_hh[master_forget]") == 8
    assert set(gates.values()) == {0}
    assert found["recurrent.0.weight_ih[output]"] == 16
    highway = ModelConfig.model_validate({"kind": "rhn", "hidden": 3, "embedding": 3, "depth": 2}).build(5)
    assert live_weights(highway, {})["recurrent.weight_hh_d1[transform]"] == 9


def test_gates_of_a_layer_with_weight_drop_are_an_lstms() -> None:
    network = AWDLSTMConfig(embedding=4, hidden=6, layers=2).build(9)
    found = live_weights(network, {})
    assert found["recurrent.0.weight_hh_l0[forget]"] == 36
    assert found["recurrent.1.weight_ih_l0[output]"] == 4 * 6
    assert found["embedding.weight"] == 36
    assert "decoder.weight" not in found


def test_a_compiled_network_is_counted_by_its_masks() -> None:
    """Its parameters have longer names than its masks, and counted as dense."""
    network = nn.ModuleDict({"out": nn.Linear(2, 3)})
    mask = torch.tensor([[1, 0], [0, 0], [0, 1]], dtype=torch.bool)
    assert live_weights(torch.compile(network), {"out.weight": mask}) == {"out.weight": 2}
