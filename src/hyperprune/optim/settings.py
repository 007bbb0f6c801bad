"""What an optimiser is built from."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from torch import nn
from torch.optim import Optimizer

from hyperprune.errors import ConfigurationError
from hyperprune.sparsity import Paper


@dataclass(frozen=True, kw_only=True)
class OptimizerSettings:
    """Hyperparameters by the names of :func:`hyperprune.optim.build`.

    Attributes:
        lr: learning rate, above 0.
        weight_decay: at least 0; added to the gradient, except by AdamW.
        momentum: in [0, 1); of SGD alone.
        nonmonotone: n of the trigger of NT-ASGD and SNT-ASGD, at least 1.
        betas: decay of Adam's two moments, each in [0, 1).
    """

    lr: float
    weight_decay: float = 0.0
    momentum: float = 0.0
    nonmonotone: int = 5
    betas: tuple[float, float] = (0.9, 0.999)

    def __post_init__(self) -> None:
        if not self.lr > 0:
            raise ConfigurationError(f"lr must be above 0, got {self.lr}: give a value such as 1.0 for SGD")
        if not self.weight_decay >= 0:
            raise ConfigurationError(f"weight_decay must be at least 0, got {self.weight_decay}: 0 is none")
        if not 0 <= self.momentum < 1:
            raise ConfigurationError(f"momentum must lie in [0, 1), got {self.momentum}: 0 is none")
        if self.nonmonotone < 1:
            raise ConfigurationError(
                f"nonmonotone must be at least 1, got {self.nonmonotone}: the paper has 5"
            )
        if not all(0 <= beta < 1 for beta in self.betas):
            raise ConfigurationError(
                f"betas must lie in [0, 1), got {self.betas}: the usual are (0.9, 0.999)"
            )

    def refuse_momentum(self, name: str) -> None:
        """For optimisers that take none: silence would be taken for consent.

        Raises:
            ConfigurationError: momentum is not 0.
        """
        if self.momentum:
            raise ConfigurationError(
                f"{name} takes no momentum, got {self.momentum}: set it to 0 or use 'sgd' with momentum"
            )


@dataclass(frozen=True)
class OptimizerRule:
    """An optimiser that a name stands for.

    Attributes:
        build: (parameters, settings) -> optimiser.
        papers: what to cite.
    """

    build: Callable[[Iterable[nn.Parameter], OptimizerSettings], Optimizer]
    papers: tuple[Paper, ...] = ()
