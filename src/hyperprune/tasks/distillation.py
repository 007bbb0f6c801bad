"""Distillation: a network imitates a trained one beside its data (Hinton et al. 2015, arXiv 1503.02531)."""

from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor, nn

Kind = Literal["logits", "values"]


class Teacher:
    """A trained network that another one imitates; it is frozen and in evaluation mode.

    Args:
        network: the teacher.
        weight: a, in [0, 1].
        temperature: T, above 0; for logits.
    """

    def __init__(self, network: nn.Module, weight: float, temperature: float = 1.0) -> None:
        self._network = network.eval().requires_grad_(False)
        self.weight, self.temperature = weight, temperature
        self.asked = False

    @property
    def network(self) -> nn.Module:
        """The teacher's network; that somebody asked for it is remembered in ``asked``."""
        self.asked = True
        return self._network

    def distilled(
        self, loss: Tensor, outputs: Tensor, answer: Callable[[nn.Module], Tensor], kind: Kind = "logits"
    ) -> Tensor:
        """The loss of a network that also imitates the teacher, a scalar with the graph of both.

        ``logits``: (1 - a) loss + a T^2 KL(teacher || student), the softmax of both over T and the mean over
        all but the last dimension. ``values``: (1 - a) loss + a times the mean squared difference.

        Args:
            loss: of the data alone, a scalar.
            outputs: the student's, ``(..., types)`` or of any shape.
            answer: gives the teacher's outputs of the same shape; called without graph.
            kind: what the outputs are.
        """
        with torch.no_grad():
            known = answer(self.network)
        if kind == "values":
            return (1 - self.weight) * loss + self.weight * (outputs - known).square().mean()
        part = soft_divergence(outputs, known, self.temperature)
        return (1 - self.weight) * loss + self.weight * self.temperature**2 * part


def soft_divergence(student: Tensor, teacher: Tensor, temperature: float = 1.0) -> Tensor:
    """Mean KL(teacher || student) in nats of logits ``(..., types)`` divided by a temperature, a scalar."""
    known = (teacher / temperature).log_softmax(dim=-1)
    own = (student / temperature).log_softmax(dim=-1)
    weights = known.exp()
    # a type that the teacher excludes adds nothing, whatever the student says of it
    return torch.where(weights > 0, weights * (known - own), 0.0).sum(dim=-1).mean()
