"""A teacher's distributions, which a student is trained to match beside the text itself."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from hyperprune.errors import ConfigurationError


@dataclass(frozen=True, eq=False)
class SoftTargets:
    """What (1 - a) cross entropy + a T^2 KL(teacher || student) needs of a teacher.

    Attributes:
        logits: the teacher's logits, or log-probabilities, of a slice of the tokens, ``(rows, types)``, as a
            new tensor; asked for chunk by chunk, so that those of all tokens need not exist.
        share: a, in [0, 1].
        temperature: T, above 0; divides the logits of both before their softmax.
    """

    logits: Callable[[slice], Tensor]
    share: float
    temperature: float = 1.0

    def __post_init__(self) -> None:
        if not 0 <= self.share <= 1:
            raise ConfigurationError(
                f"the teacher's share must lie in [0, 1], got {self.share}: give a value such as 0.5"
            )
        if not self.temperature > 0:
            raise ConfigurationError(
                f"the temperature must be above 0, got {self.temperature}: 1 takes the teacher as it is"
            )

    @classmethod
    def given(cls, logits: Tensor, share: float, temperature: float = 1.0) -> "SoftTargets":
        """From logits or log-probabilities of all tokens, ``(N, types)``."""
        logits = logits.detach()
        return cls(lambda rows: logits[rows].clone(), share, temperature)

    @classmethod
    def decoded(
        cls, hidden: Tensor, weight: Tensor, bias: Tensor, share: float, temperature: float = 1.0
    ) -> "SoftTargets":
        """From what a teacher's decoder receives, ``(N, features)``, and its weights and bias."""
        hidden, weight, bias = hidden.detach(), weight.detach(), bias.detach()
        return cls(lambda rows: torch.addmm(bias, hidden[rows], weight.mT), share, temperature)
