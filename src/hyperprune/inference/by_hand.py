"""The same steps on torch, for machines without a compiler.

``nn.LSTM`` is not called: on a CPU its oneDNN kernel brings the weights into another order at every call,
which at one step a call takes ten times as long as the step itself.
"""

import torch
from torch import Tensor
from torch.nn.functional import linear

from hyperprune.errors import ConfigurationError
from hyperprune.inference.plain import Layer, PlainNetwork


class ByHand:
    """A network step by step in torch's own products.

    Args:
        network: what runs.
        why: why it is torch that runs it.

    Attributes:
        name: ``"torch"``.
    """

    name = "torch"

    def __init__(self, network: PlainNetwork, why: str) -> None:
        self.why = why
        self._network = network

    @property
    def nbytes(self) -> int:
        """Bytes of the weights in memory, the dead ones too."""
        return sum(matrix.weight.numel() * 4 for matrix in self._network.matrices().values())

    @torch.no_grad()
    def run(self, inputs: Tensor, state: Tensor) -> Tensor:
        """As :meth:`hyperprune.inference.kernels.Engine.run`.

        Raises:
            ConfigurationError: a token outside the vocabulary.
        """
        network, hidden, batch = self._network, inputs, inputs.shape[1]
        if network.embedding is not None:
            if inputs.numel() and not 0 <= int(inputs.min()) <= int(inputs.max()) < network.types:
                raise ConfigurationError("a token is outside the vocabulary: give numbers below its size")
            hidden = network.embedding.weight[inputs.long()]
        all_units, before = sum(network.units), 0
        for layer in network.layers:
            places = [before, all_units + before] if network.kind == "lstm" else [before]
            parts = [state[p * batch : (p + layer.units) * batch].view(batch, -1) for p in places]
            hidden = _layer(network.kind, layer, hidden, parts)
            before += layer.units
        if network.decoder is not None:
            hidden = linear(hidden, network.decoder.matrix.weight, network.decoder.bias)
        return hidden


def _layer(kind: str, layer: Layer, inputs: Tensor, state: list[Tensor]) -> Tensor:
    """Outputs ``(time, batch, H)``; the state, ``(batch, H)`` each, is changed in place."""
    driven = linear(inputs, layer.input.weight, layer.bias_ih)
    outputs = driven.new_empty(*driven.shape[:2], layer.units)
    for t, drive in enumerate(driven):
        own = _product(layer.recurrent.weight, state[0], layer.bias_hh)
        if kind == "lstm":
            i, f, g, o = (drive + own).chunk(4, dim=1)
            state[1].mul_(f.sigmoid()).addcmul_(i.sigmoid(), g.tanh())
            torch.mul(o.sigmoid(), state[1].tanh(), out=outputs[t])
        elif kind == "gru":
            size = 2 * layer.units
            r, z = (drive[:, :size] + own[:, :size]).sigmoid().chunk(2, dim=1)
            new = torch.addcmul(drive[:, size:], r, own[:, size:]).tanh()
            torch.lerp(new, state[0], z, out=outputs[t])
        else:
            torch.tanh(drive + own, out=outputs[t])
        state[0].copy_(outputs[t])
    return outputs


def _product(weight: Tensor, state: Tensor, bias: Tensor) -> Tensor:
    """``W h + b`` of each row of ``state``; of one row as a product of matrix and vector, which is faster."""
    if len(state) == 1:
        return torch.addmv(bias, weight, state[0])[None]
    return torch.addmm(bias, state, weight.mT)
