"""What benchmarks/inference.py measures: one token of a layer in every engine, each as a function to call."""

import warnings
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn

from hyperprune.export.onnx_graph import write_step
from hyperprune.export.onnx_run import OnnxSession, quantise, zeros
from hyperprune.inference import GATES, Layer, Matrix, PlainNetwork
from hyperprune.inference.by_hand import ByHand
from hyperprune.inference.kernels import Engine, Kernels
from hyperprune.inference.layouts import BLOCKS_8X4, BLOCKS_16X1, DENSE, SINGLE, Layout
from hyperprune.inference.pack import pack

Action = Callable[[], object]
STEPS = 16  # of a sequence, where a whole one is run a call
VARIANTS = (BLOCKS_16X1, BLOCKS_8X4, DENSE)
KINDS = {"lstm": nn.LSTM, "gru": nn.GRU}


def masked(kind: str, units: int, density: float, block: tuple[int, int], seed: int) -> PlainNetwork:
    """A layer with random weights and random live blocks within its gates; as many inputs as units."""
    generator, gates = torch.Generator().manual_seed(seed), len(GATES[kind])
    tall, broad = block

    def matrix() -> Matrix:
        live = torch.rand(gates, -(-units // tall), -(-units // broad), generator=generator) < density
        wide = live.repeat_interleave(tall, 1).repeat_interleave(broad, 2)[:, :units, :units]
        weight = torch.randn(gates * units, units, generator=generator) * units**-0.5
        return Matrix.of(weight, wide.reshape(gates * units, units), gates)

    bias = torch.zeros(gates * units)
    return PlainNetwork(kind, (Layer(matrix(), matrix(), bias, bias),))


def layer_actions(kind: str, units: int, density: float, place: Path) -> dict[str, tuple[Action, int]]:
    """The engines by column, and the steps that a call takes.

    Args:
        kind: ``lstm`` or ``gru``.
        units: of the layer.
        density: of each layout's own random blocks.
        place: a folder for graphs; those of the same kind and units are used again.
    """
    x, sequence = torch.randn(1, 1, units), torch.randn(STEPS, 1, units)
    found: dict[str, tuple[Action, int]] = {}
    for layout in (BLOCKS_16X1, BLOCKS_8X4, SINGLE, DENSE):
        network = masked(kind, units, density, layout.block or (1, 1), 0)
        for int8 in (False, True):
            packed = pack(network, int8=int8, layout=layout)
            kernels = Kernels(packed.data)
            found[f"{layout.name}{' int8' if int8 else ''}"] = (stepping(kernels, network, x), 1)
            if layout is BLOCKS_16X1 and not int8:
                found["16x1, a sequence a call"] = (stepping(kernels, network, sequence), STEPS)
                stored = sum(choice.bytes for choice in packed.choices.values())
                found["floor"] = (torch.ones(stored // 4).sum, 1)
    found["torch by hand"] = (stepping(ByHand(network, ""), network, x), 1)
    found["torch CSR"] = (_torch_csr(masked(kind, units, density, (1, 1), 0), x[0, 0]), 1)
    found["nn.LSTM / GRU, a step a call"] = (_module_step(kind, units, x), 1)
    full, small = place / f"{kind}-{units}.onnx", place / f"{kind}-{units}-int8.onnx"
    if not full.exists():
        write_step(network, full)
        quantise(full, small)
    found["onnxruntime"] = (_onnx_step(full, network, x[0]), 1)
    found["onnxruntime int8"] = (_onnx_step(small, network, x[0]), 1)
    return found


def variant_actions(layout: Layout, int8: bool, units: int, density: float) -> dict[str, tuple[Action, int]]:
    """The kernels with intrinsics and the portable ones, a sequence a call."""
    network = masked("lstm", units, density, layout.block or (1, 1), 0)
    inputs, data = torch.randn(STEPS, 1, units), pack(network, int8=int8, layout=layout).data
    return {
        "portable": (stepping(Kernels(data, flags=("-DHP_PORTABLE",)), network, inputs), STEPS),
        "intrinsics": (stepping(Kernels(data), network, inputs), STEPS),
    }


def stepping(engine: Engine, network: PlainNetwork, inputs: Tensor) -> Action:
    """One call of an engine; the state goes on."""
    state = torch.zeros(sum(network.units) * (2 if network.kind == "lstm" else 1))
    return lambda: engine.run(inputs, state)


def _onnx_step(path: Path, network: PlainNetwork, x: Tensor) -> Action:
    """One step in onnxruntime."""
    session, states, given = OnnxSession(path), zeros(network, 1), x.numpy()
    return lambda: session(given, states)


def _module_step(kind: str, units: int, x: Tensor) -> Action:
    """One step of torch's module, whose oneDNN kernel brings the weights into another order each time."""
    module = KINDS[kind](units, units)
    state = torch.zeros(1, 1, units)
    given = (state, state) if kind == "lstm" else state

    @torch.no_grad()
    def step() -> object:
        return module(x, given)

    return step


def _torch_csr(network: PlainNetwork, x: Tensor) -> Action:
    """One step by torch's products of sparse matrices with 32-bit indices, and the cell by hand."""
    (layer,) = network.layers

    def sparse(matrix: Matrix) -> Tensor:
        with warnings.catch_warnings(action="ignore"):  # that it is in beta, and unchecked
            csr = matrix.weight.to_sparse_csr()
            indices = (csr.crow_indices().int(), csr.col_indices().int())
            return torch.sparse_csr_tensor(*indices, csr.values(), csr.shape)

    own, recurrent, units = sparse(layer.input), sparse(layer.recurrent), layer.units
    h, c = torch.zeros(units), torch.zeros(units)

    @torch.no_grad()
    def step() -> None:
        a, b = own @ x + layer.bias_ih, recurrent @ h + layer.bias_hh
        if network.kind == "lstm":
            i, f, g, o = (a + b).chunk(4)
            c.mul_(f.sigmoid()).addcmul_(i.sigmoid(), g.tanh())
            torch.mul(o.sigmoid(), c.tanh(), out=h)
        else:
            r, z = (a[: 2 * units] + b[: 2 * units]).sigmoid().chunk(2)
            torch.lerp(torch.addcmul(a[2 * units :], r, b[2 * units :]).tanh(), h, z, out=h)

    return step
