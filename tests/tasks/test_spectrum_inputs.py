"""What a task gives to drive a spectrum: in any nest, for any network, on the device."""

from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from hyperprune import lyapunov
from hyperprune.errors import ConfigurationError
from hyperprune.tasks.opened import OpenedTask, moved


class Given:
    """A task of a network and inputs."""

    def __init__(self, network: nn.Module, inputs: Any) -> None:
        self._network, self._inputs = network, inputs

    def network(self) -> nn.Module:
        return self._network

    def losses(self, network: nn.Module, epoch: object) -> Iterator[Tensor]:
        yield torch.zeros(())

    def evaluate(self, network: nn.Module, part: str) -> float:
        return 0.0

    def spectrum_inputs(self, batch: int, steps: int) -> Any:
        return self._inputs


class Network(nn.Module):
    """Batch first, its attributes named like ours, with something between the two."""

    def __init__(self) -> None:
        super().__init__()
        self.embed, self.recurrent = nn.Embedding(7, 4), nn.GRU(4, 6, batch_first=True)

    def forward(self, tokens: Tensor, lengths: Tensor | None = None) -> Tensor:
        driving = 2 * self.embed(tokens)
        if lengths is not None:
            driving = nn.utils.rnn.pack_padded_sequence(
                driving, lengths, batch_first=True, enforce_sorted=False
            )
        return self.recurrent(driving)[1]


def opened(network: nn.Module, inputs: Any) -> OpenedTask:
    return OpenedTask(Given(network, inputs), "given", 0, torch.device("cpu"), 1, {})


TOKENS = torch.randint(0, 7, (6, 20), generator=torch.Generator().manual_seed(1))


def test_a_batch_first_network_with_our_names_is_driven() -> None:
    network = Network()
    found = opened(network, TOKENS).spectrum(network, 5, 15, state="hidden", warmup=3)
    assert found.exponents.shape == (5, 6)
    assert found.counts.tolist() == [12] * 5
    with torch.no_grad():
        expected = lyapunov.spectrum(network.recurrent, 2 * network.embed(TOKENS[:5, :15]), warmup=3)
    torch.testing.assert_close(found.exponents, expected.exponents, atol=1e-5, rtol=0)


def test_inputs_in_a_dictionary_are_moved_and_named() -> None:
    network, lengths = Network(), torch.tensor([20, 9, 15, 20, 12, 20])
    found = opened(network, {"tokens": TOKENS, "lengths": lengths}).spectrum(network, 5, 15, warmup=3)
    assert found.counts.tolist() == [12, 6, 12, 12, 9]
    nested = moved({"a": [TOKENS], "b": (TOKENS, 3)}, torch.device("meta"))
    assert nested["a"][0].device.type == nested["b"][0].device.type == "meta"
    assert nested["b"][1] == 3


def test_sequences_shorter_than_the_warm_up_are_refused_with_a_remedy() -> None:
    network, lengths = Network(), torch.tensor([20, 9, 15, 20, 12, 20])
    task = opened(network, (TOKENS, lengths))
    with pytest.raises(ConfigurationError, match="more than warmup = 9 inputs, one has 9: leave it out"):
        task.spectrum(network, 5, 15, warmup=9)
    driven = task.driven(network, 5, 15)
    with pytest.raises(ConfigurationError, match="10 steps or more, the shortest has 9: leave it out"):
        driven.check(warmup=9)
    driven.check(warmup=8, steps=7)
    with pytest.raises(ConfigurationError, match="k must be at most 6"):
        driven.check(k=7)
