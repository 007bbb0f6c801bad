"""The loss of scores that exist: what :mod:`hyperprune.models.decoding.softmax_loss` is short for."""

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from hyperprune.models.decoding.soft_targets import SoftTargets


def scored_loss(scores: Tensor, targets: Tensor, soft: SoftTargets | None = None) -> tuple[Tensor, Tensor]:
    """Objective and mean cross entropy of logits or log-probabilities ``(N, V)``, by autograd.

    Args:
        scores: what a network's ``forward`` gave, flattened.
        targets: int64, ``(N,)``.
        soft: a teacher's distributions; the objective is then that of ``softmax_loss``.
    """
    loss = cross_entropy(scores, targets)
    if soft is None:
        return loss, loss.detach()
    teacher = (soft.logits(slice(0, len(scores))) / soft.temperature).log_softmax(dim=1)
    student = (scores / soft.temperature).log_softmax(dim=1)
    weights = teacher.exp()
    # a type that the teacher excludes adds nothing, whatever the student says of it
    divergence = torch.where(weights > 0, weights * (teacher - student), 0.0).sum(dim=1).mean()
    objective = (1 - soft.share) * loss + soft.share * soft.temperature**2 * divergence
    return objective, loss.detach()
