"""A network as the block of bytes that the kernels run: header, layers, weights.

The form is that of ``runtime/hyperprune_rnn.h``.
"""

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import pad

from hyperprune.errors import ConfigurationError
from hyperprune.inference.choose import Choice, Prefer, choose
from hyperprune.inference.layouts import PANEL, Layout, Stored, padded, stored
from hyperprune.inference.plain import Kind, Matrix, PlainNetwork
from hyperprune.inference.quantise import quantised

MAGIC, VERSION = 0x4E525048, 1
KINDS: dict[Kind, int] = {"lstm": 1, "gru": 2, "rnn": 3}
_FLOAT32, _INT8 = 1, 2
_ALIGNED = 64  # a cache line
_MATRIX, _CHECKED = 9, 16  # words of a matrix' record; bytes before those that the checksum is of
_HEADER = 4 * (11 + 2 * _MATRIX)
_LAYER = 4 * (4 + 2 * _MATRIX)
_LARGEST = 1 << 32


@dataclass(frozen=True, eq=False)
class Packed:
    """A network in the kernels' form.

    Attributes:
        data: the bytes.
        choices: how each matrix is kept and why, by its name.
        int8: whether weights are whole numbers with scales.
    """

    data: bytes
    choices: dict[str, Choice]
    int8: bool


class _Bytes:
    """Parts one after the other, each at a multiple of 64."""

    def __init__(self, start: int) -> None:
        self.parts: list[bytes] = []
        self.end = start

    def add(self, data: bytes) -> int:
        """Append a part and give where it lies."""
        place = -(-self.end // _ALIGNED) * _ALIGNED
        self.parts.append(b"\0" * (place - self.end) + data)
        self.end = place + len(data)
        return place

    def numbers(self, tensor: Tensor, dtype: str) -> int:
        """Append a tensor, little-endian."""
        return self.add(tensor.contiguous().numpy().astype(dtype).tobytes())


def pack(
    network: PlainNetwork, *, int8: bool = False, prefer: Prefer = "speed", layout: Layout | None = None
) -> Packed:
    """The bytes of a network.

    Args:
        network: what to pack.
        int8: whether to store 8-bit whole numbers with a scale for each row.
        prefer: what decides the layout of each matrix, speed or size.
        layout: of all matrices, in place of a choice.

    Raises:
        ConfigurationError: it takes more than 4 GiB, or a layout cannot index a matrix.
    """
    out, choices = _Bytes(_HEADER + _LAYER * len(network.layers)), {}

    def matrix(
        name: str, given: Matrix, order: Sequence[int] | None = None, by: Prefer = prefer
    ) -> list[int]:
        whole = padded(given if order is None else _reordered(given, order))
        choices[name] = choose(whole, 1 if int8 else 4, by, layout)
        return _matrix(out, whole, choices[name].layout, int8=int8)

    layers = b""
    for number, layer in enumerate(network.layers):
        gru = network.kind == "gru"
        record = [
            matrix(f"layer {number} input", layer.input, (2, 0, 1) if gru else None),
            matrix(f"layer {number} recurrent", layer.recurrent),
        ]
        bias, new = _biases(network.kind, layer.bias_ih, layer.bias_hh)
        places = [out.numbers(bias, "<f4"), out.numbers(new, "<f4") if gru else 0]
        layers += _words([layer.input.weight.shape[1], layer.units, *places, *record[0], *record[1]])
    nothing, decoder, bias_place = [0] * _MATRIX, [0] * _MATRIX, 0
    embedding = nothing
    if network.embedding is not None:  # of one that is only looked up, a row is little work in any layout
        by = prefer if network.tied else "size"
        embedding = matrix("embedding", network.embedding, by=by)
    if network.decoder is not None:
        decoder = embedding if network.tied else matrix("decoder", network.decoder.matrix)
        bias_place = out.numbers(_rows_padded(network.decoder.bias, 1), "<f4")
    out.parts.append(b"\0" * (-out.end % 4))  # whole words, for arrays in C
    if out.end >= _LARGEST:
        raise ConfigurationError(
            f"a network for the kernels must lie in 4 GiB, got {out.end:,} bytes: prune more, or use int8"
        )
    outputs = 0 if network.decoder is None else network.outputs
    sizes = [KINDS[network.kind], len(network.layers), _HEADER, network.inputs, network.types, outputs]
    body = _words([*sizes, bias_place, *embedding, *decoder]) + layers + b"".join(out.parts)
    head = [MAGIC, VERSION, _CHECKED + len(body), zlib.crc32(body)]
    return Packed(_words(head) + body, choices, int8)


def _matrix(out: _Bytes, whole: Matrix, layout: Layout, *, int8: bool) -> list[int]:
    """Append a padded matrix and give its record."""
    numbers, scales = quantised(whole.weight) if int8 else (None, None)
    kept: Stored = stored(whole, layout, numbers)
    return [
        layout.code,
        _INT8 if int8 else _FLOAT32,
        kept.rows,
        kept.columns,
        len(kept.values),
        out.numbers(kept.values, "<i1" if int8 else "<f4"),
        0 if kept.indices is None else out.numbers(kept.indices, "<u2"),
        0 if kept.starts is None else out.numbers(kept.starts, "<u4"),
        0 if scales is None else out.numbers(scales, "<f4"),
    ]


def _reordered(matrix: Matrix, order: Sequence[int]) -> Matrix:
    """The gates in another order."""

    def moved(tensor: Tensor) -> Tensor:
        return tensor.view(matrix.gates, -1, tensor.shape[1])[list(order)].flatten(0, 1)

    return Matrix(moved(matrix.weight), moved(matrix.live), matrix.gates)


def _biases(kind: Kind, ih: Tensor, hh: Tensor) -> tuple[Tensor, Tensor]:
    """The bias of all gates in the order of the input, and of a GRU's new gate that of the state."""
    if kind != "gru":
        return _rows_padded(ih + hh, 4 if kind == "lstm" else 1), ih.new_empty(0)
    (r, z, n), (state_r, state_z, state_n) = ih.chunk(3), hh.chunk(3)
    return _rows_padded(torch.cat([n, r + state_r, z + state_z]), 3), _rows_padded(state_n, 1)


def _rows_padded(bias: Tensor, gates: int) -> Tensor:
    parts = bias.detach().to("cpu", torch.float32).view(gates, -1)
    return pad(parts, (0, -parts.shape[1] % PANEL)).flatten()


def _words(numbers: Sequence[int]) -> bytes:
    return struct.pack(f"<{len(numbers)}I", *numbers)
