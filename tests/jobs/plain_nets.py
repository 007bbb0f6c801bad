"""Networks of torch with block masks, and the plain networks that they are."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from hyperprune.inference import GATES, Decoder, Layer, Matrix, PlainNetwork

MODULES = {"lstm": nn.LSTM, "gru": nn.GRU, "rnn": nn.RNN}


class Reader(nn.Module):
    """Embedding, recurrent layers and decoder, as far as they are wanted."""

    def __init__(self, kind: str, inputs: int, hidden: int, layers: int, types: int, outputs: int) -> None:
        super().__init__()
        self.recurrent = MODULES[kind](inputs, hidden, layers)
        self.embedding = nn.Embedding(types, inputs) if types else None
        self.decoder = nn.Linear(hidden, outputs) if outputs else None

    def forward(self, inputs: Tensor, state: object = None) -> tuple[Tensor, object]:
        hidden = inputs if self.embedding is None else self.embedding(inputs)
        hidden, state = self.recurrent(hidden, state)
        return (hidden if self.decoder is None else self.decoder(hidden)), state


@dataclass(frozen=True)
class Case:
    """A module, the plain network that it is, and inputs for both."""

    module: Reader
    plain: PlainNetwork
    inputs: Tensor


def block_mask(
    rows: int, columns: int, density: float, block: tuple[int, int], gates: int = 1, seed: int = 0
) -> Tensor:
    """A random mask of whole blocks within gates, cut at the edges."""
    generator = torch.Generator().manual_seed(seed)
    units, (tall, broad) = rows // gates, block
    live = torch.rand(gates, -(-units // tall), -(-columns // broad), generator=generator) < density
    wide = live.repeat_interleave(tall, 1).repeat_interleave(broad, 2)
    return wide[:, :units, :columns].reshape(rows, columns)


def case(
    kind: str = "lstm",
    *,
    inputs: int = 12,
    hidden: int = 20,
    layers: int = 2,
    types: int = 0,
    outputs: int = 7,
    density: float = 0.3,
    block: tuple[int, int] = (1, 1),
    batch: int = 1,
    steps: int = 9,
) -> Case:
    """A network with random block masks, and random inputs for it."""
    torch.manual_seed(len(kind) + inputs + hidden + layers)
    module = Reader(kind, inputs, hidden, layers, types, outputs).eval()
    gates = len(GATES[kind])
    with torch.no_grad():
        for number, (name, weight) in enumerate(module.named_parameters()):
            if weight.dim() == 2:
                stacked = gates if name.startswith("recurrent") else 1
                weight.mul_(block_mask(*weight.shape, density, block, stacked, seed=number))
    x = torch.randint(types, (steps, batch)) if types else torch.randn(steps, batch, inputs)
    return Case(module, plain_of(module, kind, layers), x)


def plain_of(module: Reader, kind: str, layers: int) -> PlainNetwork:
    gates = len(GATES[kind])

    def layer(number: int) -> Layer:
        own = {name: getattr(module.recurrent, f"{name}_l{number}") for name in _NAMES}
        return Layer(
            Matrix.of(own["weight_ih"], gates=gates),
            Matrix.of(own["weight_hh"], gates=gates),
            own["bias_ih"].detach(),
            own["bias_hh"].detach(),
        )

    decoder = None
    if module.decoder is not None:
        decoder = Decoder(Matrix.of(module.decoder.weight), module.decoder.bias.detach())
    embedding = None if module.embedding is None else Matrix.of(module.embedding.weight)
    return PlainNetwork(kind, tuple(layer(number) for number in range(layers)), embedding, decoder)


_NAMES = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")


def relative(found: Tensor, expected: Tensor) -> float:
    """Largest difference as a share of the largest expected number."""
    assert found.shape == expected.shape
    return float((found - expected).abs().max() / expected.abs().max())
