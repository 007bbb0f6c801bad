"""Stacked modules of torch whose dropout between layers is drawn by torch's own generator on every device.

cuDNN keeps a state of its own for the dropout inside a stacked call, which no checkpoint holds: a training
that went on from one would drop other entries than one in a single piece. So there layers run one by one in
training, with torch's dropout between them. On a CPU the stacked call is that, bit for bit, and faster.
"""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import dropout

# (inputs, states, weights, bias, layers, dropout, training, two ways, batch first) -> (outputs, *states)
Kernel = Callable[..., tuple[Tensor, ...]]


def drops_unseen(module: nn.RNNBase, inputs: Tensor) -> bool:
    """Whether a stacked call would drop by a state that no checkpoint holds."""
    return module.training and module.dropout > 0 and module.num_layers > 1 and inputs.device.type != "cpu"


def layer_by_layer(
    module: nn.RNNBase, kernel: Kernel, inputs: Tensor, states: Sequence[Tensor]
) -> tuple[Tensor, list[Tensor]]:
    """Outputs ``(time, batch, hidden)`` and the last states, each ``(layers, batch, hidden)``.

    Args:
        module: time first, one way.
        kernel: torch's for one layer.
        inputs: ``(time, batch, features)``.
        states: ``(h,)`` or ``(h, c)``, each ``(layers, batch, hidden)``.
    """
    outputs, last = inputs, []
    for layer, own in enumerate(zip(*(state.split(1) for state in states), strict=True)):
        outputs = dropout(outputs, module.dropout, training=layer > 0)
        weights = [getattr(module, name) for name in module._all_weights[layer]]
        begin: Any = own if len(own) == 2 else own[0]
        outputs, *after = kernel(outputs, begin, weights, module.bias, 1, 0.0, True, False, False)
        last.append(after)
    return outputs, [torch.cat(parts) for parts in zip(*last, strict=True)]
