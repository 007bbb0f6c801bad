"""How two early metrics, LS distance and loss, rank the same candidates at the same epoch."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch

from hyperprune.reports.findings import NetworkRecord
from hyperprune.tasks import Score


@dataclass(frozen=True)
class Ranks:
    """Two rankings of the candidates that were measured at one epoch, 1 being the best.

    Attributes:
        epoch: epochs trained.
        names: candidates.
        ls: their ranks by LS distance; ties share the mean of their places.
        loss: their ranks by validation loss.
        correlation: Spearman's, between the two; None for fewer than three candidates.
        bracket: which of several brackets was ranked, from 1; None where there is only one.
    """

    epoch: int
    names: tuple[str, ...]
    ls: tuple[float, ...]
    loss: tuple[float, ...]
    correlation: float | None
    bracket: int | None = None


def ranks_at(
    candidates: Iterable[NetworkRecord], epoch: int, score: Score, bracket: int | None = None
) -> Ranks:
    """Both rankings of the candidates that have both measurements at ``epoch``."""
    shown = [c for c in candidates if len(c.ls_distance) >= epoch and len(c.valid_score) >= epoch]
    ls = ranks([c.ls_distance[epoch - 1] for c in shown])
    loss = ranks([score.signed(c.valid_score[epoch - 1]) for c in shown])
    return Ranks(epoch, tuple(c.name for c in shown), ls, loss, pearson(ls, loss), bracket)


def ranks(values: Sequence[float]) -> tuple[float, ...]:
    """Place of each value in ascending order, from 1; equal values share the mean of their places."""
    order = sorted(values)
    return tuple((bisect_left(order, value) + bisect_right(order, value) + 1) / 2 for value in values)


def pearson(left: Sequence[float], right: Sequence[float]) -> float | None:
    """Correlation; of ranks, that is Spearman's. None for fewer than three pairs or without variation."""
    if len(left) < 3 or len(set(left)) == 1 or len(set(right)) == 1:
        return None
    return float(torch.corrcoef(torch.tensor([left, right], dtype=torch.float64))[0, 1])
