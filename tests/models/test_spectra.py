"""Spectra of the language models: layers of different sizes, evaluation weights, sparse weights."""

from collections.abc import Callable
from functools import partial

import pytest
import torch
from torch import nn

from hyperprune import lyapunov
from hyperprune.models import (
    AWDLSTMConfig,
    AWDLSTMMoSConfig,
    ModelConfig,
    ONLSTMConfig,
    RHNConfig,
    StackedGRUConfig,
    StackedRNNConfig,
    build,
)
from hyperprune.sparsity import SparseTraining

TOKENS = torch.randint(9, (12, 2), generator=torch.Generator().manual_seed(0))
NETWORKS: list[tuple[ModelConfig, tuple[int, ...]]] = [
    (AWDLSTMConfig(embedding=4, hidden=7), (7, 7, 4)),
    (AWDLSTMMoSConfig(embedding=4, hidden=7, last_hidden=5), (7, 7, 5)),
    (StackedGRUConfig(embedding=4, hidden=6), (6, 6)),
    (StackedRNNConfig(embedding=4, hidden=6), (6, 6)),
    (RHNConfig(embedding=6, hidden=6, depth=3, hidden_dropout=0.5), (6,)),
    (ONLSTMConfig(embedding=4, hidden=6, chunk=2), (6, 6, 4)),
]


def of(config: ModelConfig) -> nn.Module:
    torch.manual_seed(1)
    network = build(config, 9).double()
    with torch.no_grad():  # far from zero, so that gates matter
        for parameter in network.parameters():
            parameter.mul_(3)
    return network


@pytest.mark.parametrize(("config", "sizes"), NETWORKS)
@pytest.mark.parametrize("direction", ["forward", "adjoint"])
@pytest.mark.parametrize("state", ["hidden", "full"])
def test_layerwise_equals_the_whole_state(config, sizes, direction, state) -> None:  # type: ignore[no-untyped-def]
    network = of(config)
    entries = lyapunov.spectrum(network, TOKENS, state="full").exponents.shape[1]
    # not from zero, where the last chunk of an ON-LSTM is dead: what follows a dead direction is rounding
    start = torch.rand(2, entries, generator=torch.Generator().manual_seed(2)).double() - 0.5
    how = {"warmup": 2, "direction": direction, "state": state, "initial_state": start}
    by_layer = lyapunov.spectrum(network, TOKENS, **how)
    whole = lyapunov.spectrum(network, TOKENS, layerwise=False, **how)
    factor = 2 if state == "full" and hasattr(config, "weight_drop") else 1
    assert by_layer.layer_sizes == tuple(factor * size for size in sizes)
    torch.testing.assert_close(by_layer.exponents, whole.exponents, rtol=0, atol=1e-9)


@pytest.mark.parametrize(("config", "sizes"), NETWORKS)
def test_closed_form_equals_automatic(config, sizes) -> None:  # type: ignore[no-untyped-def]
    network = of(config)
    # hidden, since the whole state of an ON-LSTM from zero is singular
    closed = lyapunov.spectrum(network, TOKENS, state="hidden", warmup=2)
    automatic = lyapunov.spectrum(network, TOKENS, state="hidden", warmup=2, jacobian="automatic")
    torch.testing.assert_close(closed.exponents, automatic.exponents, rtol=0, atol=1e-9)


@pytest.mark.parametrize("kind", [AWDLSTMConfig, AWDLSTMMoSConfig, partial(ONLSTMConfig, chunk=1)])
def test_spectra_are_of_the_evaluation_weights(kind: Callable[..., ModelConfig]) -> None:
    """No weight-drop and no dropout, also for a network in training mode, whose mode comes back."""
    heavy = of(kind(embedding=4, hidden=7, weight_drop=0.9, dropout=0.9, embedding_dropout=0.9))
    none = of(kind(embedding=4, hidden=7, weight_drop=0, dropout=0))
    found = lyapunov.spectrum(heavy.train(), TOKENS, state="hidden")
    assert heavy.training
    assert heavy.recurrent[0].training
    expected = lyapunov.spectrum(none.eval(), TOKENS, state="hidden")
    assert torch.equal(found.exponents, expected.exponents)


def test_a_sparse_network_has_the_spectrum_of_its_masked_weights() -> None:
    """torch's own LSTMs, given the live weights and no others."""
    network = of(AWDLSTMConfig(embedding=4, hidden=7))
    optimizer = torch.optim.SGD(network.parameters(), lr=1.0)
    sparse = SparseTraining(
        network,
        optimizer,
        density=0.4,
        sparse_init="er",
        death="magnitude",
        growth="random",
        redistribution="none",
        death_rate=0.5,
    )
    plain = nn.ModuleList()
    for number, layer in enumerate(network.recurrent):
        own = nn.LSTM(layer.input_size, layer.hidden_size).double()
        weights = layer.state_dict()
        for name in ("weight_ih_l0", "weight_hh_l0"):
            mask = sparse.masks[f"recurrent.{number}.{name}"]
            assert not mask.all()
            weights[name] = weights[name] * mask
        own.load_state_dict(weights)
        plain.append(own)
    expected = lyapunov.spectrum(plain, network.embed(TOKENS))
    torch.testing.assert_close(
        lyapunov.spectrum(network, TOKENS).exponents, expected.exponents, rtol=0, atol=1e-12
    )
