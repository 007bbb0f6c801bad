"""Weights of a network that the kernels run, counted."""

from dataclasses import dataclass

from hyperprune.inference.plain import GATES, Matrix, PlainNetwork


@dataclass(frozen=True)
class Row:
    """One matrix, or one gate of it.

    Attributes:
        matrix: its name.
        gate: which, or empty for a matrix without gates.
        live: weights that live.
        weights: all.
    """

    matrix: str
    gate: str
    live: int
    weights: int

    @property
    def density(self) -> float:
        """Live share."""
        return self.live / self.weights


@dataclass(frozen=True)
class Counted:
    """What a network weighs and computes.

    Attributes:
        rows: by matrix and gate.
        live: weights that live, biases included.
        weights: all, biases included.
        multiply_adds: a token, of live weights; looking up a token takes none.
        dense_multiply_adds: of all weights.
    """

    rows: tuple[Row, ...]
    live: int
    weights: int
    multiply_adds: int
    dense_multiply_adds: int


def counted(network: PlainNetwork) -> Counted:
    """Count."""
    matrices, multiplied, biases = network.matrices().values(), _multiplied(network), _biases(network)
    return Counted(
        rows=_rows(network),
        live=biases + sum(matrix.count for matrix in matrices),
        weights=biases + sum(matrix.weight.numel() for matrix in matrices),
        multiply_adds=sum(matrix.count for matrix in multiplied),
        dense_multiply_adds=sum(matrix.weight.numel() for matrix in multiplied),
    )


def _rows(network: PlainNetwork) -> tuple[Row, ...]:
    """Live weights by matrix and gate."""
    rows = []
    for name, matrix in network.matrices().items():
        gates = GATES[network.kind] if name.startswith("layer") else ("",)
        for gate, part in zip(gates, matrix.live.chunk(len(gates)), strict=True):
            rows.append(Row(name, gate if len(gates) > 1 else "", int(part.sum()), part.numel()))
    return tuple(rows)


def _multiplied(network: PlainNetwork) -> list[Matrix]:
    """The matrices of products; an embedding is only looked up, unless it decodes too."""
    found = [matrix for layer in network.layers for matrix in (layer.input, layer.recurrent)]
    return found if network.decoder is None else [*found, network.decoder.matrix]


def _biases(network: PlainNetwork) -> int:
    found = sum(layer.bias_ih.numel() + layer.bias_hh.numel() for layer in network.layers)
    return found + (0 if network.decoder is None else network.decoder.bias.numel())
