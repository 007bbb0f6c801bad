"""A module that answers like another one, its plain network run by a graph, so that a task can measure it."""

from typing import Any

import torch
from torch import Tensor, nn

from hyperprune.export.onnx_run import OnnxSession, zeros
from hyperprune.export.trace import trace
from hyperprune.inference.plain import PlainNetwork


class LanguageStandIn(nn.Module):
    """A language model whose scores a graph gives, state carried along.

    Args:
        session: a graph of sequences.
        network: its sizes.
    """

    def __init__(self, session: OnnxSession, network: PlainNetwork) -> None:
        super().__init__()
        self._session, self._network = session, network
        self.place = nn.Parameter(torch.zeros(1))  # what evaluation looks at to find the device

    def forward(self, tokens: Tensor, state: Any = None) -> tuple[Tensor, Any]:
        """Scores ``(time, batch, types)`` and the states as the graph has them."""
        return self._session.run(tokens, zeros(self._network, tokens.shape[1]) if state is None else state)


class StandIn(nn.Module):
    """A network of any task: what reaches its plain part goes to a graph, and what comes out takes its form.

    Args:
        original: the network that was exported.
        session: a graph of sequences.
        network: its sizes.
    """

    def __init__(self, original: nn.Module, session: OnnxSession, network: PlainNetwork) -> None:
        super().__init__()
        self.original = original
        self._session, self._network = session, network

    def forward(self, *arguments: Any) -> Tensor:
        """What the original gives for these arguments, from the graph's numbers."""
        with torch.no_grad():
            result: Tensor = self.original(*arguments)
        traced = trace(self.original, arguments)
        assert traced.inputs is not None, traced.why
        assert traced.outputs is not None, traced.why
        outputs = self._session.sequence(self._network, traced.inputs)[-len(traced.outputs) :]
        if not torch.equal(result.reshape(-1), traced.outputs.reshape(-1)):
            outputs = outputs.transpose(0, 1)
        return outputs.reshape(result.shape)
