"""AWD-LSTM: published sizes, torch's LSTM in evaluation, and what each dropout does in training."""

import copy

import pytest
import torch
from torch import Tensor, nn

from hyperprune.errors import ConfigurationError
from hyperprune.models import AWDLSTM, AWDLSTMConfig, Dropouts
from hyperprune.models.layers.weight_drop import WeightDropLSTM
from hyperprune.sparsity import SparseTraining


@pytest.mark.parametrize(("types", "published"), [(10_000, 24_221_600), (33_278, 33_556_078)])
def test_published_weight_count(types: int, published: int) -> None:
    """Biases included: 31,600 of the Penn Treebank's."""
    with torch.device("meta"):
        network = AWDLSTMConfig(embedding=400, hidden=1150, layers=3).build(types)
    assert sum(p.numel() for p in network.parameters()) == published


def small(tied: bool = True, **dropouts: float) -> AWDLSTM:
    torch.manual_seed(5)
    shares = Dropouts(**dropouts)
    return AWDLSTM(9, embedding=4, sizes=(6, 5, 4), dropouts=shares, tied=tied).double()


def test_forward_equals_torchs_lstms() -> None:
    network = small(embedding=0.1, input=0.2, hidden=0.3, output=0.4, weight=0.5).eval()
    tokens = torch.randint(9, (7, 3))
    hidden = network.embedding.weight[tokens]
    for layer in network.recurrent:
        own = nn.LSTM(layer.input_size, layer.hidden_size).double()
        own.load_state_dict(layer.state_dict())
        hidden, _ = own(hidden)
    expected = hidden @ network.embedding.weight.T + network.decoder.bias
    torch.testing.assert_close(network(tokens)[0], expected, rtol=1e-12, atol=1e-12)


def test_without_dropout_training_is_evaluation() -> None:
    network, tokens = small(), torch.randint(9, (7, 3))
    trained = network(tokens)[0]
    torch.testing.assert_close(trained, network.eval()(tokens)[0], rtol=1e-12, atol=1e-12)


def test_carried_state_continues_the_text() -> None:
    network, tokens = small(weight=0.5).eval(), torch.randint(9, (9, 2))
    first, state = network(tokens[:4])
    second, _ = network(tokens[4:], state)
    torch.testing.assert_close(torch.cat([first, second]), network(tokens)[0], rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("share", ["embedding", "input", "hidden", "output", "weight"])
def test_every_dropout_acts_in_training_only(share: str) -> None:
    network, tokens = small(**{share: 0.5}), torch.randint(9, (4, 2))
    assert not torch.equal(network(tokens)[0], network(tokens)[0])
    network.eval()
    assert torch.equal(network(tokens)[0], network(tokens)[0])


def test_tied_decoder_needs_a_last_layer_of_embedding_units() -> None:
    with pytest.raises(ConfigurationError, match="got 5 and 4"):
        AWDLSTM(9, embedding=4, sizes=(6, 5), dropouts=Dropouts())
    assert small(tied=False).decoder.weight is not small(tied=False).embedding.weight
    assert AWDLSTMConfig(embedding=4, hidden=6, tied=False).build(9).recurrent[2].hidden_size == 6


def _slow(layer: WeightDropLSTM, recurrent: Tensor, inputs: Tensor) -> Tensor:
    h = c = torch.zeros(inputs.shape[1], layer.hidden_size, dtype=inputs.dtype)
    outputs = []
    for x in inputs:
        gates = x @ layer.weight_ih_l0.T + h @ recurrent.T + layer.bias_ih_l0 + layer.bias_hh_l0
        i, f, g, o = gates.chunk(4, dim=1)
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        h = o.sigmoid() * c.tanh()
        outputs.append(h)
    return torch.stack(outputs)


def test_weight_drop_is_an_lstm_with_a_masked_recurrent_matrix() -> None:
    """The same mask at every step and for every sequence; the parameter itself is not touched."""
    torch.manual_seed(0)
    layer, inputs = WeightDropLSTM(3, 5, 0.5).double(), torch.randn(6, 2, 3, dtype=torch.float64)
    before = layer.weight_hh_l0.detach().clone()
    torch.manual_seed(1)
    outputs, _ = layer(inputs)
    torch.manual_seed(1)
    dropped = nn.functional.dropout(layer.weight_hh_l0, 0.5)
    torch.testing.assert_close(outputs, _slow(layer, dropped, inputs), rtol=1e-12, atol=1e-12)
    assert torch.equal(layer.weight_hh_l0, before)
    outputs.sum().backward()
    gone = dropped == 0
    assert gone.any()
    assert not layer.weight_hh_l0.grad[gone].any()
    assert layer.weight_hh_l0.grad[~gone].all()


def test_weight_drop_renames_nothing() -> None:
    layer = WeightDropLSTM(3, 5, 0.5)
    layer(torch.randn(2, 1, 3))
    assert [name for name, _ in layer.named_parameters()] == [n for n, _ in nn.LSTM(3, 5).named_parameters()]
    twin = copy.deepcopy(layer)
    assert list(twin.state_dict()) == list(nn.LSTM(3, 5).state_dict())
    torch.manual_seed(0)
    expected = layer(torch.ones(2, 1, 3))[0]
    torch.manual_seed(0)
    assert torch.equal(twin(torch.ones(2, 1, 3))[0], expected)


def test_weight_drop_on_masked_weights_stays_masked() -> None:
    """Dead weights are zero before, in and after a step, whatever weight-drop does."""
    torch.manual_seed(0)
    network = AWDLSTMConfig(embedding=4, hidden=6, weight_drop=0.5).build(9)
    optimizer = torch.optim.SGD(network.parameters(), lr=1.0)
    sparse = SparseTraining(
        network,
        optimizer,
        density=0.3,
        sparse_init="uniform",
        death="magnitude",
        growth="random",
        redistribution="none",
        death_rate=0.5,
    )
    seen = []
    handle = _watch(seen)
    try:
        for _ in range(3):
            optimizer.zero_grad()
            network(torch.randint(9, (5, 2)))[0].square().sum().backward()
            sparse.step()
            sparse.update_topology()
    finally:
        handle()
    names = [f"recurrent.{number}.weight_hh_l0" for number in range(3)]
    assert len(seen) == 9
    for name in names:
        assert not network.get_parameter(name)[~sparse.masks[name]].any()
    assert all(dropped for dropped in seen)
    assert sparse.density() == pytest.approx(0.3, abs=0.01)


def _watch(seen: list[bool]):  # type: ignore[no-untyped-def]
    """Note of every weight-drop whether the weights that were zero before it are zero after it."""
    from hyperprune.models.layers import weight_drop

    own = weight_drop.dropout

    def noting(weight: Tensor, share: float, training: bool) -> Tensor:
        dropped = own(weight, share, training)
        seen.append(not dropped[weight == 0].any() and bool((weight == 0).any()))
        return dropped

    weight_drop.dropout = noting

    def undo() -> None:
        weight_drop.dropout = own

    return undo


def test_tied_matrix_is_pruned_once() -> None:
    network = AWDLSTMConfig(embedding=4, hidden=6).build(9)
    optimizer = torch.optim.SGD(network.parameters(), lr=1.0)
    sparse = SparseTraining(
        network,
        optimizer,
        density=0.5,
        sparse_init="er",
        death="magnitude",
        growth="random",
        redistribution="none",
        death_rate=0.5,
    )
    assert [name for name in sparse.masks if "recurrent" not in name] == ["embedding.weight"]
    matrices = sum(p.numel() for p in network.parameters() if p.dim() > 1)
    assert sum(int(mask.sum()) for mask in sparse.masks.values()) == int(0.5 * matrices + 0.5)
