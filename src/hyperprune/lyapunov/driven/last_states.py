"""Where the states of a recurrent module have come when its inputs end."""

import torch
from torch import Tensor

from hyperprune.lyapunov.driven.driving import Driven
from hyperprune.lyapunov.prepare import evaluating, prepared
from hyperprune.lyapunov.stack import StackOptions, build_layers
from hyperprune.lyapunov.states import initial_states, layer_order


@torch.no_grad()
def last_hidden(driven: Driven) -> Tensor:
    """Hidden state of the last layer after the last step of each sequence, ``(batch, hidden)``.

    Args:
        driven: as :func:`hyperprune.lyapunov.drive` gives it; nothing is followed, the layers only run.
    """
    with evaluating(driven.system):
        layers = build_layers(driven.system, StackOptions(full=False), driven.initial_state)
        inputs, zero = prepared(layers, driven.inputs, driven.initial_state, None)
        order = layer_order(len(layers), "forward")
        states = initial_states(driven.system, layers, driven.initial_state, order, zero)
        state = zero
        for layer, begin in zip(layers, states, strict=True):
            path = layer.run(inputs, len(driven.inputs), begin, driven.mask)
            inputs, state = path.outputs, path.state
        return state[:, : layers[-1].hidden_size]
