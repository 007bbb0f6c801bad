"""One small recurrent network and a training step, for the tests of this room."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn


class TinyModel(nn.Module):
    def __init__(self, tied: bool = False) -> None:
        super().__init__()
        self.encoder = nn.Embedding(11, 6)
        self.rnn = nn.LSTM(6, 6, 2)
        self.decoder = nn.Linear(6, 11)
        if tied:
            self.decoder.weight = self.encoder.weight

    def forward(self, tokens: Tensor) -> Tensor:
        return self.decoder(self.rnn(self.encoder(tokens))[0])


@pytest.fixture
def make_model() -> Callable[..., TinyModel]:
    def make(tied: bool = False, seed: int = 0) -> TinyModel:
        torch.manual_seed(seed)
        return TinyModel(tied)

    return make


@pytest.fixture
def backward() -> Callable[..., None]:
    """Fills the gradients of a TinyModel from a batch that depends on the step alone."""

    def run(model: nn.Module, step: int, scale: float = 1.0) -> None:
        generator = torch.Generator().manual_seed(step)
        tokens = torch.randint(11, (5, 3), generator=generator)
        for parameter in model.parameters():
            parameter.grad = None
        loss = nn.functional.cross_entropy(model(tokens).flatten(0, 1), tokens.roll(1, 0).flatten())
        (loss * scale).backward()

    return run
