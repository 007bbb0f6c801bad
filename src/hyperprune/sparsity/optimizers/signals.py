"""What growth and redistribution may read from a backward pass or an optimiser."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from hyperprune.errors import ConfigurationError
from hyperprune.sparsity.optimizers.state import momentum_of


def gradients(parameters: Mapping[str, nn.Parameter]) -> dict[str, Tensor]:
    """Gradients by name; zero for a parameter that the loss didn't reach.

    Raises:
        ConfigurationError: no parameter has one.
    """
    if all(parameter.grad is None for parameter in parameters.values()):
        raise ConfigurationError(
            "growth by gradient must come after the backward pass, got no gradients: update between "
            "backward() and zero_grad(), or let step() do it"
        )
    return {
        name: _dense(p.grad) if p.grad is not None else torch.zeros_like(p) for name, p in parameters.items()
    }


def momenta(parameters: Mapping[str, nn.Parameter], optimizer: Optimizer) -> dict[str, Tensor]:
    """Momenta by name; zero for a parameter that has not been stepped.

    Raises:
        ConfigurationError: no parameter has one.
    """
    found = {name: momentum_of(optimizer, parameter) for name, parameter in parameters.items()}
    if all(momentum is None for momentum in found.values()):
        raise ConfigurationError(
            "a rule by momentum must come after the first step, got an optimiser without momenta: take a "
            "step first, and load the optimiser's state when resuming"
        )
    return {n: torch.zeros_like(parameters[n]) if m is None else _dense(m) for n, m in found.items()}


def _dense(tensor: Tensor) -> Tensor:
    return tensor.detach().to_dense() if tensor.is_sparse else tensor.detach()
