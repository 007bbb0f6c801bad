"""The networks that the kernels run: an embedding, layers of one kind, a decoder.

Notation: E features of an input, H units of a layer, G gates, V types, O outputs. Weights are in the form
of torch: ``weight_ih (G H, E)``, ``weight_hh (G H, H)``, decoder ``(O, H)``, embedding ``(V, E)``.
"""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from hyperprune.errors import ConfigurationError

Kind = Literal["lstm", "gru", "rnn"]
GATES: dict[Kind, tuple[str, ...]] = {
    "lstm": ("input", "forget", "cell", "output"),
    "gru": ("reset", "update", "new"),
    "rnn": ("hidden",),
}


@dataclass(frozen=True, eq=False)
class Matrix:
    """Weights and which of them live.

    Attributes:
        weight: ``(rows, columns)``, float32; zero where it is dead.
        live: bool, of the same shape; a live weight may be zero.
        gates: how many gates lie one below the other in the rows.
    """

    weight: Tensor
    live: Tensor
    gates: int = 1

    @classmethod
    def of(cls, weight: Tensor, live: Tensor | None = None, gates: int = 1) -> "Matrix":
        """A matrix in float32 on the CPU; without ``live`` what is not zero lives."""
        weight = weight.detach().to("cpu", torch.float32)
        live = weight != 0 if live is None else live.detach().to("cpu", torch.bool)
        return cls((weight * live).contiguous(), live.contiguous(), gates)

    @property
    def count(self) -> int:
        """Live weights."""
        return int(self.live.sum())


@dataclass(frozen=True, eq=False)
class Layer:
    """A recurrent layer.

    Attributes:
        input: ``weight_ih``.
        recurrent: ``weight_hh``.
        bias_ih: ``(G H,)``, zeros if the layer has none; ``bias_hh`` likewise.
    """

    input: Matrix
    recurrent: Matrix
    bias_ih: Tensor
    bias_hh: Tensor

    @property
    def units(self) -> int:
        """H."""
        return self.recurrent.weight.shape[1]


@dataclass(frozen=True, eq=False)
class Decoder:
    """The linear layer on top.

    Attributes:
        matrix: ``(O, H)``.
        bias: ``(O,)``.
    """

    matrix: Matrix
    bias: Tensor


@dataclass(frozen=True, eq=False)
class PlainNetwork:
    """What the kernels run.

    Attributes:
        kind: of all its layers.
        layers: from the bottom up.
        embedding: where inputs are tokens.
        decoder: without one the last layer's units are the outputs. Tied weights are the same object as
            ``embedding``.

    Raises:
        ConfigurationError: sizes that do not fit each other.
    """

    kind: Kind
    layers: tuple[Layer, ...]
    embedding: Matrix | None = None
    decoder: Decoder | None = None

    def __post_init__(self) -> None:
        if not self.layers:
            raise ConfigurationError("a network must have a layer or more, got none: give its layers")
        gates, width = len(GATES[self.kind]), self.inputs
        for number, layer in enumerate(self.layers):
            units = layer.units
            _fits(f"weight_ih of layer {number}", layer.input.weight, (gates * units, width))
            _fits(f"weight_hh of layer {number}", layer.recurrent.weight, (gates * units, units))
            _fits(f"bias_ih of layer {number}", layer.bias_ih, (gates * units,))
            _fits(f"bias_hh of layer {number}", layer.bias_hh, (gates * units,))
            width = units
        if self.embedding is not None:
            _fits("the embedding", self.embedding.weight, (self.types, self.inputs))
        if self.decoder is not None:
            _fits("the decoder", self.decoder.matrix.weight, (self.outputs, width))
            _fits("the decoder's bias", self.decoder.bias, (self.outputs,))

    @property
    def inputs(self) -> int:
        """E of the first layer."""
        return self.layers[0].input.weight.shape[1]

    @property
    def types(self) -> int:
        """V, or 0 where inputs are numbers."""
        return 0 if self.embedding is None else self.embedding.weight.shape[0]

    @property
    def outputs(self) -> int:
        """Numbers that a step gives."""
        return self.layers[-1].units if self.decoder is None else self.decoder.matrix.weight.shape[0]

    @property
    def units(self) -> tuple[int, ...]:
        """H of each layer."""
        return tuple(layer.units for layer in self.layers)

    @property
    def tied(self) -> bool:
        """Whether decoder and embedding are one matrix."""
        return self.decoder is not None and self.decoder.matrix is self.embedding

    def matrices(self) -> dict[str, Matrix]:
        """Every matrix once, by what it is called in tables."""
        named = {} if self.embedding is None else {"embedding": self.embedding}
        for number, layer in enumerate(self.layers):
            named |= {f"layer {number} input": layer.input, f"layer {number} recurrent": layer.recurrent}
        if self.decoder is not None and not self.tied:
            named["decoder"] = self.decoder.matrix
        return named


def _fits(name: str, tensor: Tensor, shape: tuple[int, ...]) -> None:
    if tuple(tensor.shape) != shape:
        raise ConfigurationError(
            f"{name} must have the shape {shape}, got {tuple(tensor.shape)}: give the weights of one network"
        )
