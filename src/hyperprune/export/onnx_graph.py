"""The format ``onnx``: a graph of one step with its states in and out, and one of whole sequences.

Weights are dense there, zeros included: ONNX has no sparse products that onnxruntime runs.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from hyperprune import __version__
from hyperprune.export.extra import onnx
from hyperprune.inference.plain import Layer, PlainNetwork

STEP, SEQUENCE = "step.onnx", "sequence.onnx"
_OPSET, _IR = 17, 8  # what onnxruntime reads since 1.12
# torch's gates i f g o, r z n in the order of the operators: i o f c, z r h
_ORDER = {"lstm": (0, 3, 1, 2), "gru": (1, 0, 2), "rnn": (0,)}
_OPERATOR = {"lstm": "LSTM", "gru": "GRU", "rnn": "RNN"}


@dataclass
class _Graph:
    """Nodes and constants as they are added."""

    nodes: list[Any] = field(default_factory=list)
    constants: list[Any] = field(default_factory=list)
    _count: int = 0

    def constant(self, name: str, tensor: Tensor) -> str:
        values = np.ascontiguousarray(tensor.detach().numpy())
        self.constants.append(onnx("numpy_helper").from_array(values, name))
        return name

    def add(self, operator: str, inputs: Sequence[str], count: int = 1, **attributes: Any) -> list[str]:
        self._count += 1
        outputs = [f"{operator.lower()}_{self._count}_{number}" for number in range(count)]
        self.nodes.append(onnx("helper").make_node(operator, list(inputs), outputs, **attributes))
        return outputs

    def one(self, operator: str, *inputs: str, **attributes: Any) -> str:
        return self.add(operator, inputs, **attributes)[0]

    def named(self, name: str, value: str) -> None:
        self.nodes.append(onnx("helper").make_node("Identity", [value], [name]))


def state_names(network: PlainNetwork) -> list[str]:
    """Names of the states that go in; each comes out with ``_next``: h0, h1, ..., then c0, c1, ..."""
    parts = "hc" if network.kind == "lstm" else "h"
    return [f"{part}{number}" for part in parts for number in range(len(network.layers))]


def write_step(network: PlainNetwork, path: Path) -> None:
    """The graph of one step: ``x``, tokens ``(batch,)`` int64 or ``(batch, features)``, and states."""
    graph = _Graph()
    hidden = _embedded(graph, network, "x")
    for number, layer in enumerate(network.layers):
        hidden = _STEPS[network.kind](graph, number, layer, hidden)
    _finish(graph, network, path, _decoded(graph, network, hidden), sequence=False)


def write_sequence(network: PlainNetwork, path: Path) -> None:
    """The graph of a sequence of any length: ``x``, ``(time, batch)`` or ``(time, batch, features)``."""
    graph = _Graph()
    hidden = _embedded(graph, network, "x")
    first = graph.constant("first_axis", torch.tensor([0]))
    second = graph.constant("second_axis", torch.tensor([1]))
    for number, layer in enumerate(network.layers):
        states = [graph.one("Unsqueeze", f"h{number}", first)]
        if network.kind == "lstm":
            states.append(graph.one("Unsqueeze", f"c{number}", first))
        weights = [
            graph.constant(f"W{number}", _ordered(layer.input.weight, network.kind)[None]),
            graph.constant(f"R{number}", _ordered(layer.recurrent.weight, network.kind)[None]),
            graph.constant(
                f"B{number}",
                torch.cat([_ordered(layer.bias_ih, network.kind), _ordered(layer.bias_hh, network.kind)])[
                    None
                ],
            ),
        ]
        more = {"linear_before_reset": 1} if network.kind == "gru" else {}
        outputs = graph.add(
            _OPERATOR[network.kind],
            [hidden, *weights, "", *states],
            len(states) + 1,
            hidden_size=layer.units,
            **more,
        )
        hidden = graph.one("Squeeze", outputs[0], second)
        for name, value in zip("hc", outputs[1:], strict=False):
            graph.named(f"{name}{number}_next", graph.one("Squeeze", value, first))
    _finish(graph, network, path, _decoded(graph, network, hidden), sequence=True)


def _sums(graph: _Graph, number: int, layer: Layer, x: str) -> str:
    """W x + U h + b."""
    driven = _product(graph, f"W{number}", layer.input.weight, x)
    bias = layer.bias_ih + layer.bias_hh
    return graph.one("Add", driven, _product(graph, f"R{number}", layer.recurrent.weight, f"h{number}", bias))


def _lstm(graph: _Graph, number: int, layer: Layer, x: str) -> str:
    sums = _sums(graph, number, layer, x)
    i, f, g, o = graph.add("Split", [sums], 4, axis=1)
    i, f, o = (graph.one("Sigmoid", gate) for gate in (i, f, o))
    kept, written = graph.one("Mul", f, f"c{number}"), graph.one("Mul", i, graph.one("Tanh", g))
    cell = graph.one("Add", kept, written)
    hidden = graph.one("Mul", o, graph.one("Tanh", cell))
    graph.named(f"c{number}_next", cell)
    graph.named(f"h{number}_next", hidden)
    return hidden


def _gru(graph: _Graph, number: int, layer: Layer, x: str) -> str:
    own = graph.add("Split", [_product(graph, f"W{number}", layer.input.weight, x, layer.bias_ih)], 3, axis=1)
    state = f"h{number}"
    product = _product(graph, f"R{number}", layer.recurrent.weight, state, layer.bias_hh)
    recurrent = graph.add("Split", [product], 3, axis=1)
    r, z = (graph.one("Sigmoid", graph.one("Add", own[k], recurrent[k])) for k in (0, 1))
    new = graph.one("Tanh", graph.one("Add", own[2], graph.one("Mul", r, recurrent[2])))
    hidden = graph.one("Add", new, graph.one("Mul", z, graph.one("Sub", state, new)))
    graph.named(f"h{number}_next", hidden)
    return hidden


def _rnn(graph: _Graph, number: int, layer: Layer, x: str) -> str:
    sums = _sums(graph, number, layer, x)
    hidden = graph.one("Tanh", sums)
    graph.named(f"h{number}_next", hidden)
    return hidden


_STEPS = {"lstm": _lstm, "gru": _gru, "rnn": _rnn}


def _product(graph: _Graph, name: str, weight: Tensor, x: str, bias: Tensor | None = None) -> str:
    product = graph.one("MatMul", x, graph.constant(name, weight.mT))
    return product if bias is None else graph.one("Add", product, graph.constant(f"{name}_bias", bias))


def _embedded(graph: _Graph, network: PlainNetwork, tokens: str) -> str:
    if network.embedding is None:
        return tokens
    return graph.one("Gather", graph.constant("embedding", network.embedding.weight), tokens, axis=0)


def _decoded(graph: _Graph, network: PlainNetwork, hidden: str) -> str:
    if network.decoder is None:
        return hidden
    return _product(graph, "decoder", network.decoder.matrix.weight, hidden, network.decoder.bias)


def _ordered(tensor: Tensor, kind: str) -> Tensor:
    order = _ORDER[kind]
    gates: Tensor = tensor.unflatten(0, (len(order), -1))
    return gates[list(order)].flatten(0, 1)


def _finish(graph: _Graph, network: PlainNetwork, path: Path, y: str, *, sequence: bool) -> None:
    """Name inputs and outputs, check the model and write it."""
    helper, proto = onnx("helper"), onnx("TensorProto")
    graph.named("y", y)
    time: list[Any] = ["time"] if sequence else []
    x = [*time, "batch"] if network.types else [*time, "batch", network.inputs]
    inputs = [helper.make_tensor_value_info("x", proto.INT64 if network.types else proto.FLOAT, x)]
    outputs = [helper.make_tensor_value_info("y", proto.FLOAT, [*time, "batch", network.outputs])]
    for name in state_names(network):
        shape = ["batch", network.units[int(name[1:])]]
        inputs.append(helper.make_tensor_value_info(name, proto.FLOAT, shape))
        outputs.append(helper.make_tensor_value_info(f"{name}_next", proto.FLOAT, shape))
    made = helper.make_graph(graph.nodes, path.stem, inputs, outputs, graph.constants)
    model = helper.make_model(
        made,
        opset_imports=[helper.make_opsetid("", _OPSET)],
        ir_version=_IR,
        producer_name="hyperprune",
        producer_version=__version__,
    )
    onnx("checker").check_model(model)
    onnx("").save_model(model, str(path))
