"""The weights of one layer of torch's recurrent modules, read by their documented names."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class Weights:
    """One layer's weights as torch stores them, gates stacked along the first dimension.

    Attributes:
        inputs: ``(gates * H, features)``.
        recurrent: ``(gates * H, hidden)``.
        input_bias: ``(gates * H)`` or None.
        recurrent_bias: ``(gates * H)`` or None.
        projection: ``(hidden, H)`` or None.
    """

    inputs: Tensor
    recurrent: Tensor
    input_bias: Tensor | None
    recurrent_bias: Tensor | None
    projection: Tensor | None

    def project_inputs(self, inputs: Tensor | None, steps: int, batch: int, bias: Tensor | None) -> Tensor:
        """The inputs' part of all gates at once, ``(time, batch, gates * H)``, with ``bias`` added."""
        rows = self.inputs.shape[0]
        if inputs is None:
            zero = self.recurrent.new_zeros(rows) if bias is None else bias
            return zero.expand(steps, batch, rows)
        return nn.functional.linear(inputs, self.inputs, bias)


def read_weights(
    module: nn.Module, layer: int | None, dtype: torch.dtype | None, keep_graph: bool
) -> Weights:
    """Read layer ``layer`` (from 0) of an ``nn.RNNBase``, or a cell's weights for None.

    Attributes are read by name, not from the list of parameters, so that a module that replaces a weight
    by a computed tensor (weight-drop, parametrizations) shows the one it uses.

    Args:
        module: the recurrent module.
        layer: which layer.
        dtype: type to convert to; None keeps float32 and float64 and raises smaller types to float32.
        keep_graph: whether derivatives with respect to the weights are wanted.
    """
    suffix = "" if layer is None else f"_l{layer}"

    def read(name: str) -> Tensor | None:
        tensor = getattr(module, name + suffix, None)
        if not isinstance(tensor, Tensor):
            return None
        wanted = dtype or (tensor.dtype if tensor.dtype in (torch.float32, torch.float64) else torch.float32)
        return (tensor if keep_graph else tensor.detach()).to(wanted)

    inputs, recurrent = read("weight_ih"), read("weight_hh")
    assert inputs is not None
    assert recurrent is not None
    return Weights(inputs, recurrent, read("bias_ih"), read("bias_hh"), read("weight_hr"))


def refresh(module: nn.RNNBase | nn.RNNCellBase) -> None:
    """Let a module compute the weights that it computes when it runs, by a step of its own ``forward``.

    ``torch.nn.utils.weight_norm`` and ``prune`` do it in hooks before ``forward``: what stands in between is
    stale after an optimiser's step or ``load_state_dict``.
    """
    if module._forward_pre_hooks:
        like = next(module.parameters())
        one = like.new_zeros(1, module.input_size)
        module(one if isinstance(module, nn.RNNCellBase) else one[None])


def add_biases(first: Tensor | None, second: Tensor | None) -> Tensor | None:
    """Sum of two biases of which either may be missing."""
    if first is None or second is None:
        return first if second is None else second
    return first + second
