"""Reading the weights of an exported folder. Nothing read here can run code."""

from dataclasses import dataclass
from pathlib import Path

import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor

from hyperprune import files
from hyperprune.errors import ConfigurationError, ExportError
from hyperprune.inference.compact import check_sizes, unpacked, whole
from hyperprune.inference.description import WEIGHTS, Description, PlainNames, read_description
from hyperprune.inference.plain import GATES, Decoder, Layer, Matrix, PlainNetwork


@dataclass(frozen=True, eq=False)
class Exported:
    """An exported network in memory.

    Attributes:
        folder: where it was read.
        description: its document.
        matrices: tensors of two dimensions by name, and what lives of them.
        others: all other tensors by name.
    """

    folder: Path
    description: Description
    matrices: dict[str, Matrix]
    others: dict[str, Tensor]

    @property
    def weights_path(self) -> Path:
        """The file of the weights."""
        return self.folder / WEIGHTS

    def state(self) -> dict[str, Tensor]:
        """Every tensor by its name in the network's state dictionary, dense, tied ones under all names."""
        state = {name: matrix.weight for name, matrix in self.matrices.items()} | self.others
        return state | {name: state[other] for name, other in self.description.tied.items()}

    def plain(self) -> PlainNetwork | None:
        """The network that the kernels run; None if only torch runs it.

        Raises:
            ExportError: a tensor is missing, or sizes do not fit each other.
        """
        names = self.description.plain
        if names is None:
            return None
        try:
            return plain_of(names, self.matrices, self.others, self.description.tied)
        except (ConfigurationError, KeyError) as error:
            raise ExportError(
                f"{self.folder} is damaged: {error}; copy the folder again, or export the network again"
            ) from None


def read_folder(folder: str | Path) -> Exported:
    """Read an exported folder, and check all of it.

    Raises:
        ExportError: it is missing, damaged, or of another version.
    """
    folder = files.expanded(folder)
    description = read_description(folder)
    path = folder / WEIGHTS
    if not path.is_file():
        raise ExportError(f"{folder} lacks {WEIGHTS}: copy the folder again")
    check_sizes(description.tensors, path.stat().st_size)
    if files.sha256(path) != description.weights_sha256:
        raise ExportError(f"{path} is damaged, its hash differs from that in the folder: copy it again")
    try:
        tensors = safetensors.torch.load_file(path)
    except (SafetensorError, ValueError, KeyError, TypeError) as error:
        raise ExportError(f"{path} is damaged ({error}): copy the folder again") from None
    matrices, others = {}, {}
    for name, record in description.tensors.items():
        if len(record.shape) == 2:
            matrices[name] = unpacked(name, record, tensors)
        else:
            others[name] = whole(name, record, tensors)
    missing = [other for other in description.tied.values() if other not in description.tensors]
    if missing:
        raise ExportError(f"{folder} is damaged: it has no tensor {missing[0]}; copy the folder again")
    return Exported(folder, description, matrices, others)


def plain_of(
    names: PlainNames, matrices: dict[str, Matrix], others: dict[str, Tensor], tied: dict[str, str]
) -> PlainNetwork:
    """The network that named tensors make.

    Raises:
        KeyError: a tensor is missing.
        ConfigurationError: sizes do not fit each other.
    """
    gates = len(GATES[names.kind])

    def matrix(name: str, count: int = 1) -> Matrix:
        found = matrices[tied.get(name, name)]
        if found.gates != count and found.weight.shape[0] % count == 0:
            found = Matrix(found.weight, found.live, count)
        return found

    def bias(name: str | None, rows: int) -> Tensor:
        return torch.zeros(rows) if name is None else others[name].to(torch.float32)

    layers = []
    for layer in names.layers:
        own, recurrent = matrix(layer.weight_ih, gates), matrix(layer.weight_hh, gates)
        rows = own.weight.shape[0]
        layers.append(Layer(own, recurrent, bias(layer.bias_ih, rows), bias(layer.bias_hh, rows)))
    embedding = None if names.embedding is None else matrix(names.embedding)
    decoder = None
    if names.decoder is not None:
        top = matrix(names.decoder)
        decoder = Decoder(top, bias(names.decoder_bias, top.weight.shape[0]))
    return PlainNetwork(names.kind, tuple(layers), embedding, decoder)
