"""Which optimisers sparse training refuses, and why."""

import inspect
from collections.abc import Iterator, Mapping

from torch import Tensor, nn
from torch.optim import Optimizer

from hyperprune.errors import ConfigurationError
from hyperprune.sparsity.optimizers.state import FollowsTopology, keeps_momentum, nested
from hyperprune.sparsity.variants.variant import PruningVariant

_TORCHS_OWN = ("state", "param_groups", "defaults")


def check_optimizer(
    optimizer: Optimizer, parameters: Mapping[str, nn.Parameter], variant: PruningVariant
) -> None:
    """Refuse an optimiser that would not train the parameters, or whose memory masks cannot reach.

    Raises:
        ConfigurationError: with the reason and the remedy.
    """
    if not isinstance(optimizer, Optimizer):
        raise ConfigurationError(
            f"an optimiser must be a torch.optim.Optimizer, got {type(optimizer).__name__}: give the "
            "one inside"
        )
    held = {id(p) for group in optimizer.param_groups for p in group["params"]}
    for name, parameter in parameters.items():
        if id(parameter) not in held or not parameter.requires_grad:
            why = "frozen" if not parameter.requires_grad else "not among the optimiser's parameters"
            raise ConfigurationError(
                f"a prunable parameter must train, {name} is {why}: exclude it or give it to the optimiser"
            )
    kind = type(optimizer).__name__
    if variant.needs_momentum and not keeps_momentum(optimizer):
        raise ConfigurationError(
            f"growth {variant.growth!r} with redistribution {variant.redistribution!r} reads momenta, got "
            f"{kind} that keeps none: use SGD with momentum, Adam or AdamW"
        )
    for holder in nested(optimizer):
        if isinstance(holder, FollowsTopology):
            continue
        if _demands_closure(holder):
            raise ConfigurationError(
                f"an optimiser must step each weight by its own gradient, got {type(holder).__name__}, "
                "which cannot step without a closure and mixes all weights in its memory: use for "
                "example SGD or Adam"
            )
        shapes = {parameter.shape for parameter in parameters.values()}
        if any(tensor.shape in shapes for tensor in _hidden_tensors(holder)):
            raise ConfigurationError(
                f"an optimiser must keep its tensors in optimizer.state, got {type(holder).__name__}, "
                "which keeps copies of weights elsewhere and would revive dead ones: give the "
                "optimiser inside, or add the method of hyperprune.sparsity.FollowsTopology"
            )


def _demands_closure(optimizer: Optimizer) -> bool:
    closure = inspect.signature(type(optimizer).step).parameters.get("closure")
    return closure is not None and closure.default is inspect.Parameter.empty


def _hidden_tensors(optimizer: Optimizer) -> Iterator[Tensor]:
    own = {name: value for name, value in vars(optimizer).items() if name not in _TORCHS_OWN}
    yield from _tensors(own, depth=4)


def _tensors(value: object, depth: int) -> Iterator[Tensor]:
    if isinstance(value, Tensor) and not isinstance(value, nn.Parameter):
        yield value
    elif depth and isinstance(value, dict | list | tuple):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _tensors(item, depth - 1)
