"""What the checks of exports share: how far outputs are apart, and what 8-bit weights stand for."""

import copy
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from hyperprune.errors import ExportError
from hyperprune.inference.plain import Decoder, Layer, Matrix, PlainNetwork
from hyperprune.inference.quantise import quantised, restored

TOLERANCE = 1e-5  # of the largest output; float32 sums in another order differ by a tenth of that


@dataclass(frozen=True)
class Check:
    """What the check of an export found.

    Attributes:
        ran: what ran the export.
        difference: largest, from the network's own outputs, as a share of the largest output.
        steps: of each sequence.
        sequences: that were run.
        real: whether the inputs were the task's own; otherwise random.
        losses: on the validation part, of the network and of the exported one; None where there are no
            8-bit weights to tell them apart, or no such part.
    """

    ran: str
    difference: float
    steps: int
    sequences: int
    real: bool
    losses: tuple[float, float] | None = None


def difference(found: Tensor, expected: Tensor) -> float:
    """Largest difference as a share of the largest expected number.

    Raises:
        ExportError: shapes differ.
    """
    if found.shape != expected.shape:
        raise ExportError(
            f"the export gives {tuple(found.shape)} where the network gives {tuple(expected.shape)}: this is "
            "a fault of the exporter, please report it"
        )
    largest = float(expected.abs().max())
    return float((found - expected).abs().max()) / (largest or 1.0)


def require_equal(found: float, what: str, tolerance: float = TOLERANCE) -> None:
    """Refuse an export whose outputs are not those of the network.

    Raises:
        ExportError: they differ by more than rounding.
    """
    if not found <= tolerance:  # NaN is refused too
        raise ExportError(
            f"the outputs of the export must be those of the network to {tolerance:g}, {what} differs by "
            f"{found:.2g} of the largest: this is a fault of the exporter, please report it; nothing was kept"
        )


def with_int8(network: PlainNetwork) -> PlainNetwork:
    """The network with the weights that its 8-bit form stands for."""

    def rounded(matrix: Matrix) -> Matrix:
        return Matrix(restored(*quantised(matrix.weight)), matrix.live, matrix.gates)

    embedding = None if network.embedding is None else rounded(network.embedding)
    decoder = None
    if network.decoder is not None:
        own = embedding if network.tied and embedding is not None else rounded(network.decoder.matrix)
        decoder = Decoder(own, network.decoder.bias)
    layers = [Layer(rounded(x.input), rounded(x.recurrent), x.bias_ih, x.bias_hh) for x in network.layers]
    return PlainNetwork(network.kind, tuple(layers), embedding, decoder)


def module_with_int8(network: nn.Module) -> nn.Module:
    """A copy of a module with the weights that 8-bit matrices stand for."""
    twin = copy.deepcopy(network)
    with torch.no_grad():
        for parameter in twin.parameters():
            if parameter.dim() == 2:
                parameter.copy_(restored(*quantised(parameter.detach().to("cpu", torch.float32))))
    return twin.eval()
