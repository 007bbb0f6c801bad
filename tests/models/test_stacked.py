"""Stacked GRU and tanh RNN equal torch's own modules and their equations."""

from typing import Any

import pytest
import torch
from torch import _VF, Tensor, nn

from hyperprune.models import Reads, StackedGRU, StackedLSTM, StackedRNN
from hyperprune.models.layers.layered import layer_by_layer
from hyperprune.models.stacked import Stacked

KINDS = [StackedLSTM, StackedGRU, StackedRNN]
TORCH = {StackedLSTM: nn.LSTM, StackedGRU: nn.GRU, StackedRNN: nn.RNN}


def of(kind: type[Stacked], dropout: float = 0.0) -> Stacked:
    torch.manual_seed(3)
    return kind(7, embedding=3, hidden=4, layers=2, dropout=dropout).double()


@pytest.mark.parametrize("kind", KINDS)
def test_forward_equals_torchs_own_module(kind: type[Stacked]) -> None:
    """A module of torch with the same weights, between embedding and decoder written as products."""
    network, tokens = of(kind, 0.5).eval(), torch.randint(7, (6, 2))
    own = TORCH[kind](3, 4, 2).double()
    own.load_state_dict(network.recurrent.state_dict())
    hidden, state = own(network.embedding.weight[tokens])
    expected = hidden @ network.decoder.weight.T + network.decoder.bias
    found, after = network(tokens)
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(after, state, rtol=1e-12, atol=1e-12)


def _gru_step(w: Tensor, u: Tensor, b: Tensor, c: Tensor, x: Tensor, h: Tensor) -> Tensor:
    (xr, xz, xn), (hr, hz, hn) = (x @ w.T + b).chunk(3, -1), (h @ u.T + c).chunk(3, -1)
    r, z = (xr + hr).sigmoid(), (xz + hz).sigmoid()
    return (1 - z) * (xn + r * hn).tanh() + z * h


def _rnn_step(w: Tensor, u: Tensor, b: Tensor, c: Tensor, x: Tensor, h: Tensor) -> Tensor:
    return (x @ w.T + b + h @ u.T + c).tanh()


@pytest.mark.parametrize(("kind", "step"), [(StackedGRU, _gru_step), (StackedRNN, _rnn_step)])
def test_forward_equals_the_equations(kind, step) -> None:  # type: ignore[no-untyped-def]
    network, tokens = of(kind).eval(), torch.randint(7, (5, 2))
    inputs = network.embedding.weight[tokens]
    for layer in range(2):
        names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        own = [getattr(network.recurrent, f"{name}_l{layer}") for name in names]
        h, outputs = torch.zeros(2, 4, dtype=torch.float64), []
        for x in inputs:
            h = step(*own, x, h)
            outputs.append(h)
        inputs = torch.stack(outputs)
    expected = inputs @ network.decoder.weight.T + network.decoder.bias
    torch.testing.assert_close(network(tokens)[0], expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_carried_state_continues_the_text(kind: type[Stacked]) -> None:
    network, tokens = of(kind, 0.5).eval(), torch.randint(7, (9, 3))
    whole, _ = network(tokens)
    first, state = network(tokens[:4])
    second, _ = network(tokens[4:], state)
    torch.testing.assert_close(torch.cat([first, second]), whole, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_reading_is_the_forward_pass_with_its_activations(kind: type[Stacked]) -> None:
    network, tokens = of(kind, 0.5), torch.randint(7, (5, 2))
    assert isinstance(network, Reads)
    torch.manual_seed(0)
    reading = network.read(tokens)
    torch.manual_seed(0)
    assert torch.equal(network(tokens)[0], reading.scores)
    kept = reading.dropped != 0
    assert torch.equal(reading.dropped[kept], (reading.hidden * 2)[kept])
    assert 0 < kept.float().mean() < 1


@pytest.mark.parametrize(("kind", "gates"), [(StackedLSTM, 4), (StackedGRU, 3), (StackedRNN, 1)])
def test_weight_count(kind: type[Stacked], gates: int) -> None:
    """Per layer gates * hidden * (inputs + hidden) and two biases, as the equations have."""
    with torch.device("meta"):
        network: nn.Module = kind(100, embedding=30, hidden=40, layers=2)
    recurrent = gates * 40 * (30 + 40) + gates * 40 * (40 + 40) + 2 * 2 * gates * 40
    assert sum(p.numel() for p in network.parameters()) == 100 * 30 + recurrent + 100 * 40 + 100


def _trained(network: Stacked, tokens: Tensor, state: Tensor) -> tuple[list[Tensor], Tensor, Tensor]:
    torch.manual_seed(4)
    scores, after = network.train()(tokens, state)
    weight = torch.linspace(-1, 1, scores.numel(), dtype=scores.dtype).view_as(scores)
    loss = (scores * weight).sum() + after.square().sum()
    return (
        [scores, after],
        torch.cat([g.flatten() for g in torch.autograd.grad(loss, network.parameters(), retain_graph=True)]),
        torch.autograd.grad(loss, state)[0],
    )


FUSED = [StackedGRU, StackedRNN]


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("kind", FUSED)
def test_fused_layers_train_as_torchs_own(kind: type[Stacked], layers: int) -> None:
    """Scores, states and every gradient, that of the initial state included."""
    torch.manual_seed(3)
    network = kind(7, embedding=3, hidden=4, layers=layers).double()
    tokens = torch.randint(7, (6, 2))
    state = torch.randn(layers, 2, 4, dtype=torch.float64, requires_grad=True)
    fused = _trained(network, tokens, state)
    network.recurrent.fused = False
    plain = _trained(network, tokens, state)
    for found, expected in zip([*fused[0], *fused[1:]], [*plain[0], *plain[1:]], strict=True):
        torch.testing.assert_close(found, expected, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("kind", FUSED)
def test_fused_layers_drop_between_layers_only(kind: type[Stacked]) -> None:
    torch.manual_seed(3)
    network = kind(7, embedding=3, hidden=40, layers=2, dropout=0.5).double()
    inputs = torch.randn(5, 2, 3, dtype=torch.float64)
    torch.manual_seed(0)
    outputs, _ = network.recurrent(inputs)
    assert outputs.all()
    again, _ = network.recurrent(inputs)
    assert not torch.equal(outputs, again)
    evaluated, _ = network.recurrent.eval()(inputs)
    plain = TORCH[kind](3, 40, 2).double()
    plain.load_state_dict(network.recurrent.state_dict())
    torch.testing.assert_close(evaluated, plain(inputs)[0], rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_layers_one_by_one_are_torchs_stacked_call_bit_for_bit(kind: type[Stacked]) -> None:
    """On a CPU, gradients and carried states included; the module itself is one of the two there."""
    torch.manual_seed(3)
    own = kind(7, embedding=5, hidden=6, layers=3, dropout=0.5).recurrent
    own.fused = False
    stacked = TORCH[kind](5, 6, 3, dropout=0.5)
    stacked.load_state_dict(own.state_dict())
    inputs, shape = torch.randn(4, 2, 5), (3, 2, 6)
    h = torch.randn(shape)
    state = (h, torch.randn(shape)) if kind is StackedLSTM else h
    kernel = _VF.lstm if kind is StackedLSTM else own.kernel

    def one_by_one(inputs: Tensor, given: Any) -> tuple[Tensor, Any]:
        if given is None:
            given = (torch.zeros(shape),) * 2 if kind is StackedLSTM else torch.zeros(shape)
        outputs, after = layer_by_layer(own, kernel, inputs, given if isinstance(given, tuple) else (given,))
        return outputs, tuple(after)

    for given in (None, state):
        found = []
        for module, run in ((own, own), (own, one_by_one), (stacked, stacked)):
            torch.manual_seed(4)
            outputs, after = run(inputs, given)
            after = after if isinstance(after, tuple) else (after,)
            loss = outputs.square().sum() + sum(part.sum() for part in after)
            found.append([outputs, *after, *torch.autograd.grad(loss, list(module.parameters()))])
        assert all(
            torch.equal(first, other) for first, *others in zip(*found, strict=True) for other in others
        )


@pytest.mark.parametrize("kind", KINDS)
def test_no_call_of_torch_is_asked_to_drop_elsewhere(kind: type[Stacked]) -> None:
    """cuDNN keeps a dropout state of its own for stacked calls, which no checkpoint holds.

    The sixth argument of torch's kernels is the share that they drop between layers.
    """
    from torch.overrides import TorchFunctionMode

    asked: list[float] = []

    class Watch(TorchFunctionMode):
        def __torch_function__(self, func, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
            if func in (_VF.lstm, _VF.gru, _VF.rnn_tanh):
                asked.append(args[5])
            return func(*args, **(kwargs or {}))

    own = kind(7, embedding=5, hidden=6, layers=3, dropout=0.5).recurrent
    own.fused = False
    with Watch():
        own(torch.randn(4, 2, 5))
        assert asked == [0.5]
        own.to("meta")(torch.randn(4, 2, 5, device="meta"))
    assert asked == [0.5, 0.0, 0.0, 0.0]
