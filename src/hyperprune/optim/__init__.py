"""Optimisers by name, those of the field of sparse recurrent networks among them."""

from collections.abc import Iterable

from torch import nn
from torch.optim import Optimizer

from hyperprune.optim import adam, adamw, nt_asgd, sgd, snt_asgd
from hyperprune.optim.averaged_sgd import AveragedSGD
from hyperprune.optim.settings import OptimizerRule, OptimizerSettings
from hyperprune.registry import Registry
from hyperprune.sparsity import Paper

OPTIMIZERS: Registry[OptimizerRule] = Registry("optimiser")
OPTIMIZERS.register("sgd")(sgd.RULE)
OPTIMIZERS.register("nt-asgd")(nt_asgd.RULE)
OPTIMIZERS.register("snt-asgd")(snt_asgd.RULE)
OPTIMIZERS.register("adam")(adam.RULE)
OPTIMIZERS.register("adamw")(adamw.RULE)


def build(
    name: str,
    model_or_params: nn.Module | Iterable[nn.Parameter],
    *,
    lr: float,
    weight_decay: float = 0.0,
    momentum: float = 0.0,
    nonmonotone: int = 5,
    betas: tuple[float, float] = (0.9, 0.999),
) -> Optimizer:
    """An optimiser by its name in ``OPTIMIZERS``.

    Args:
        name: one of the registry's.
        model_or_params: a module, whose parameters are all taken, or parameters.
        lr: learning rate.
        weight_decay: added to the gradient, except by AdamW.
        momentum: of SGD alone.
        nonmonotone: n of the trigger of NT-ASGD and SNT-ASGD.
        betas: of Adam and AdamW.

    Raises:
        UnknownNameError: a name that the registry doesn't hold.
        ConfigurationError: a value outside its range, or a momentum that the optimiser would ignore.
    """
    settings = OptimizerSettings(
        lr=lr, weight_decay=weight_decay, momentum=momentum, nonmonotone=nonmonotone, betas=betas
    )
    parameters = model_or_params.parameters() if isinstance(model_or_params, nn.Module) else model_or_params
    return OPTIMIZERS[name].build(parameters, settings)


def citations(name: str) -> list[Paper]:
    """The papers behind an optimiser of the registry; empty for plain SGD."""
    return list(OPTIMIZERS[name].papers)


__all__ = ["OPTIMIZERS", "AveragedSGD", "OptimizerRule", "OptimizerSettings", "build", "citations"]
