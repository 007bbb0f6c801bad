import pytest
import torch

from hyperprune.errors import ConfigurationError
from hyperprune.models import StackedLSTM, StackedLSTMConfig, build


def test_published_weight_count() -> None:
    with torch.device("meta"):
        network = StackedLSTM(10_000, embedding=1500, hidden=1500, layers=2, dropout=0.65)
    sizes = [(p.dim(), p.numel()) for p in network.parameters()]
    assert sum(n for d, n in sizes if d >= 2) == 66_000_000
    assert sum(n for d, n in sizes if d == 1) == 34_000


def test_carried_state_continues_the_text() -> None:
    torch.manual_seed(0)
    network = StackedLSTM(11, embedding=5, hidden=7, layers=2, dropout=0.5).double().eval()
    tokens = torch.randint(11, (9, 3))
    whole, _ = network(tokens)
    first, state = network(tokens[:4])
    second, _ = network(tokens[4:], state)
    torch.testing.assert_close(torch.cat([first, second]), whole, rtol=1e-12, atol=1e-12)


def test_forward_equals_the_equations() -> None:
    """A slow float64 reference written from the LSTM's equations, biases and both layers included."""
    torch.manual_seed(1)
    network = StackedLSTM(6, embedding=3, hidden=4, layers=2).double().eval()
    tokens = torch.randint(6, (5, 2))
    inputs = network.embedding.weight[tokens]
    for layer in range(2):
        w = {k: getattr(network.recurrent, f"{k}_l{layer}") for k in ("weight_ih", "weight_hh")}
        bias = getattr(network.recurrent, f"bias_ih_l{layer}") + getattr(
            network.recurrent, f"bias_hh_l{layer}"
        )
        h = c = torch.zeros(2, 4, dtype=torch.float64)
        outputs = []
        for x in inputs:
            i, f, g, o = (x @ w["weight_ih"].T + h @ w["weight_hh"].T + bias).chunk(4, dim=1)
            c = f.sigmoid() * c + i.sigmoid() * g.tanh()
            h = o.sigmoid() * c.tanh()
            outputs.append(h)
        inputs = torch.stack(outputs)
    expected = inputs @ network.decoder.weight.T + network.decoder.bias
    torch.testing.assert_close(network(tokens)[0], expected, rtol=1e-12, atol=1e-12)


def test_initial_ranges() -> None:
    network = StackedLSTM(50, embedding=16, hidden=16)
    assert network.embedding.weight.abs().max() <= 0.1
    assert network.decoder.weight.abs().max() <= 0.1
    assert not network.decoder.bias.any()
    assert all(p.abs().max() <= 0.25 for p in network.recurrent.parameters())


def test_dropout_acts_in_training_only() -> None:
    torch.manual_seed(0)
    network = build(StackedLSTMConfig(embedding=8, hidden=8, dropout=0.5), 9)
    tokens = torch.randint(9, (4, 2))
    assert not torch.equal(network(tokens)[0], network(tokens)[0])
    network.eval()
    assert torch.equal(network(tokens)[0], network(tokens)[0])


def test_tied_weights_are_one_matrix() -> None:
    network = StackedLSTM(9, embedding=8, hidden=8, tied=True)
    assert network.decoder.weight is network.embedding.weight
    assert len(list(network.parameters())) == len({id(p) for p in network.parameters()})
    with pytest.raises(ConfigurationError, match="as many units as the embedding"):
        StackedLSTM(9, embedding=8, hidden=7, tied=True)
