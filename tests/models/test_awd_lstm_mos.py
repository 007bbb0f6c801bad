"""AWD-LSTM-MoS: the published size, and a slow mixture written from the equations in float64."""

import pytest
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from hyperprune.models import AWDLSTMMoS, AWDLSTMMoSConfig, Dropouts
from hyperprune.models.decoding import mixture
from hyperprune.models.decoding.mixture import mixture_log_probabilities


def test_published_weight_count() -> None:
    with torch.device("meta"):
        config = AWDLSTMMoSConfig(embedding=300, hidden=1150, layers=3, last_hidden=650, experts=15)
        network = config.build(33_278)
    sizes = [(p.dim(), p.numel()) for p in network.parameters()]
    assert sum(n for d, n in sizes if d >= 2) == 34_848_150
    assert sum(n for _, n in sizes) == 34_909_528


def small(**dropouts: float) -> AWDLSTMMoS:
    torch.manual_seed(5)
    shares = Dropouts(**dropouts)
    return AWDLSTMMoS(9, embedding=4, sizes=(6, 5), experts=3, dropouts=shares).double()


def slow(network: AWDLSTMMoS, tokens: Tensor) -> Tensor:
    """Token by token, expert by expert, type by type."""
    hidden = network.embedding.weight[tokens]
    for layer in network.recurrent:
        h = c = torch.zeros(tokens.shape[1], layer.hidden_size, dtype=torch.float64)
        outputs = []
        for x in hidden:
            gates = x @ layer.weight_ih_l0.T + h @ layer.weight_hh_l0.T + layer.bias_ih_l0 + layer.bias_hh_l0
            i, f, g, o = gates.chunk(4, dim=1)
            c = f.sigmoid() * c + i.sigmoid() * g.tanh()
            h = o.sigmoid() * c.tanh()
            outputs.append(h)
        hidden = torch.stack(outputs)
    scores = torch.empty(*tokens.shape, 9, dtype=torch.float64)
    for t in range(tokens.shape[0]):
        for b in range(tokens.shape[1]):
            prior = (network.prior.weight @ hidden[t, b]).exp()
            latent = (network.latent.weight @ hidden[t, b] + network.latent.bias).tanh()
            total = torch.zeros(9, dtype=torch.float64)
            for k in range(3):
                z = latent[4 * k : 4 * (k + 1)]
                weights = torch.stack(
                    [(network.decoder.weight[v] @ z + network.decoder.bias[v]).exp() for v in range(9)]
                )
                total = total + prior[k] / prior.sum() * weights / weights.sum()
            scores[t, b] = total.log()
    return scores


@pytest.mark.parametrize("graph", [True, False])
def test_forward_equals_the_equations(graph: bool) -> None:
    network, tokens = small().eval(), torch.randint(9, (4, 2))
    with torch.set_grad_enabled(graph):
        found = network(tokens)[0]
    torch.testing.assert_close(found, slow(network, tokens), rtol=1e-11, atol=1e-11)


def test_gradients_equal_those_of_the_equations() -> None:
    network, tokens = small(), torch.randint(9, (3, 2))
    targets = torch.randint(9, (6,))
    own = torch.autograd.grad(cross_entropy(network(tokens)[0].flatten(0, 1), targets), network.parameters())
    scores = slow(network, tokens).flatten(0, 1)
    expected = torch.autograd.grad(cross_entropy(scores, targets), network.parameters())
    for found, wanted in zip(own, expected, strict=True):
        torch.testing.assert_close(found, wanted, rtol=1e-9, atol=1e-11)


def test_mixture_and_its_gradients_equal_autograd() -> None:
    """Weights, priors and gradients of any kind, against the formula in three operations of torch."""
    torch.manual_seed(0)
    features, weight, bias = (
        torch.randn(size, dtype=torch.float64, requires_grad=True) for size in [(5, 3, 4), (7, 4), (7,)]
    )
    prior = torch.randn(5, 3, dtype=torch.float64).softmax(dim=1).requires_grad_()
    above = torch.randn(5, 7, dtype=torch.float64)
    inputs = (features, prior, weight, bias)
    softmaxes = (features @ weight.T + bias).softmax(dim=2)
    expected = (softmaxes * prior[:, :, None]).sum(dim=1).log()
    found = mixture_log_probabilities(*inputs)
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-12)
    wanted = torch.autograd.grad(expected, inputs, above)
    for own, other in zip(torch.autograd.grad(found, inputs, above), wanted, strict=True):
        torch.testing.assert_close(own, other, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("rows", [1, 2, 100])
def test_blocks_change_nothing(rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Seven tokens in blocks of one, two and all."""
    network, tokens = small(), torch.randint(9, (7, 1))
    expected = network(tokens)[0]
    monkeypatch.setattr(mixture, "_ENTRIES", rows * 27)
    monkeypatch.setattr(mixture, "_EVALUATED", rows * 27)
    found = network(tokens)[0]
    with torch.no_grad():
        evaluated = network(tokens)[0]
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(evaluated, expected, rtol=1e-12, atol=1e-12)


def test_scores_are_log_probabilities() -> None:
    """So their cross entropy is their negative log-likelihood."""
    network, tokens, targets = small(), torch.randint(9, (4, 2)), torch.randint(9, (8,))
    scores = network(tokens)[0].flatten(0, 1)
    torch.testing.assert_close(scores.exp().sum(-1), torch.ones(8, dtype=torch.float64))
    likelihood = scores.gather(1, targets[:, None]).mean()
    torch.testing.assert_close(cross_entropy(scores, targets), -likelihood, rtol=1e-12, atol=1e-12)


def test_probabilities_that_vanish_leave_finite_scores_and_gradients() -> None:
    features = torch.full((1, 2, 1), 1.0, requires_grad=True)
    weight, bias = torch.tensor([[500.0], [-500.0]]), torch.zeros(2)
    scores = mixture_log_probabilities(features, torch.full((1, 2), 0.5), weight, bias)
    assert scores.isfinite().all()
    cross_entropy(scores, torch.tensor([0])).backward()
    assert features.grad is not None
    assert features.grad.isfinite().all()


def test_a_second_backward_pass_is_refused() -> None:
    loss = small()(torch.randint(9, (2, 1)))[0].sum()
    loss.backward(retain_graph=True)
    with pytest.raises(RuntimeError, match="one backward pass"):
        loss.backward()


def test_latent_dropout_acts_in_training_only() -> None:
    torch.manual_seed(0)
    network = AWDLSTMMoSConfig(
        embedding=8, hidden=6, dropout=0, hidden_dropout=0, input_dropout=0, weight_drop=0, latent_dropout=0.5
    ).build(9)
    tokens = torch.randint(9, (4, 2))
    assert not torch.equal(network(tokens)[0], network(tokens)[0])
    network.eval()
    assert torch.equal(network(tokens)[0], network(tokens)[0])
