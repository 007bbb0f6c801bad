"""Running an exported ONNX graph in onnxruntime, and quantising one."""

import logging
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from hyperprune.export.extra import onnxruntime
from hyperprune.inference.plain import PlainNetwork


class OnnxSession:
    """A graph in onnxruntime, on one thread of the CPU.

    Args:
        path: of the graph.
    """

    def __init__(self, path: Path) -> None:
        runtime = onnxruntime()
        options = runtime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3  # warnings about unused constants say nothing to a user
        self._session = runtime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        self._names = [given.name for given in self._session.get_inputs()]

    def __call__(self, x: Any, states: list[Any]) -> list[Any]:
        """Outputs ``y`` and the next states, as arrays of numpy."""
        given = dict(zip(self._names, [x, *states], strict=True))
        outputs: list[Any] = self._session.run(None, given)
        return outputs

    def steps(self, network: PlainNetwork, inputs: Tensor) -> Tensor:
        """Outputs of a graph of one step over a sequence, from zero states."""
        states, outputs = zeros(network, inputs.shape[1]), []
        for x in inputs:
            y, *states = self(_array(x), states)
            outputs.append(torch.from_numpy(y))
        return torch.stack(outputs)

    def run(self, x: Tensor, states: list[Any]) -> tuple[Tensor, list[Any]]:
        """Outputs and next states from tensors and given states."""
        y, *after = self(_array(x), states)
        return torch.from_numpy(y), after

    def sequence(self, network: PlainNetwork, inputs: Tensor) -> Tensor:
        """Outputs of a graph of sequences, from zero states."""
        return torch.from_numpy(self(_array(inputs), zeros(network, inputs.shape[1]))[0])


def zeros(network: PlainNetwork, batch: int) -> list[Any]:
    """The first states, in the order of the graphs' inputs."""
    one = [torch.zeros(batch, units).numpy() for units in network.units]
    return one * (2 if network.kind == "lstm" else 1)


def quantise(source: Path, target: Path) -> None:
    """The graph with 8-bit weights, by onnxruntime's own quantiser; activations are quantised as it runs."""
    module = onnxruntime("quantization")
    logging.disable(logging.WARNING)  # its advice on preprocessing is for graphs of other exporters
    try:
        module.quantize_dynamic(source, target, weight_type=module.QuantType.QInt8, per_channel=True)
    finally:
        logging.disable(logging.NOTSET)


def _array(inputs: Tensor) -> Any:
    tensor = inputs.to(torch.float32) if inputs.is_floating_point() else inputs.to(torch.int64)
    return tensor.contiguous().numpy()
