"""The hidden states that a module ends in, by the engine's layers, are those of the module itself."""

import pytest
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence

from hyperprune.lyapunov import drive, last_hidden
from hyperprune.models import MODELS

INPUTS = torch.randn(9, 5, 3, generator=torch.Generator().manual_seed(1))  # (time, batch, features)


@pytest.mark.parametrize("kind", [nn.RNN, nn.GRU, nn.LSTM])
@pytest.mark.parametrize("batch_first", [False, True])
def test_of_a_module_of_torch(kind: type[nn.RNNBase], batch_first: bool) -> None:
    torch.manual_seed(0)
    module = kind(3, 4, 2, batch_first=batch_first)
    given = INPUTS.transpose(0, 1) if batch_first else INPUTS
    found = last_hidden(drive(module, given))
    torch.testing.assert_close(found, module(given)[0].select(1 if batch_first else 0, -1))


def test_of_shorter_sequences_it_is_the_state_at_their_end() -> None:
    torch.manual_seed(0)
    module = nn.LSTM(3, 4, 2)
    packed = pack_padded_sequence(INPUTS, torch.tensor([9, 3, 7, 1, 5]), enforce_sorted=False)
    torch.testing.assert_close(last_hidden(drive(module, packed)), module(packed)[1][0][-1])


def test_it_begins_where_the_network_does() -> None:
    torch.manual_seed(0)
    module, begin = nn.GRU(3, 4), torch.randn(1, 5, 4)
    torch.testing.assert_close(last_hidden(drive(module, (INPUTS, begin))), module(INPUTS, begin)[1][0])


@pytest.mark.parametrize("kind", sorted(set(MODELS) - {"awd-lstm-mos"}))
def test_of_every_network_it_is_what_the_decoder_reads(kind: str) -> None:
    torch.manual_seed(0)
    network = MODELS[kind](kind=kind, embedding=8, hidden=8).build(20).eval()
    tokens = torch.randint(20, (7, 4))
    with torch.no_grad():
        scores, _ = network(tokens)
        found = network.decoder(last_hidden(drive(network, tokens)))
    torch.testing.assert_close(found, scores[-1], rtol=1e-4, atol=1e-5)
