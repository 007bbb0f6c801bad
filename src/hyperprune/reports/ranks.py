"""How two early metrics, LS distance and loss, rank the same candidates at the same epoch."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch

from hyperprune.reports.findings import Findings, NetworkRecord
from hyperprune.tasks import Score


@dataclass(frozen=True)
class Ranks:
    """Two rankings of the candidates that were measured at one epoch, 1 being the best.

    Attributes:
        epoch: epochs trained; 0 for before any.
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
    """Both rankings of the candidates that have both measurements after ``epoch``."""
    known = [(c.name, c.distance_at(epoch), c.score_at(epoch)) for c in candidates]
    shown = [(name, far, found) for name, far, found in known if far is not None and found is not None]
    ls = ranks([far for _, far, _ in shown])
    loss = ranks([score.signed(found) for *_, found in shown])
    return Ranks(epoch, tuple(name for name, *_ in shown), ls, loss, pearson(ls, loss), bracket)


def first_ranks(findings: Findings) -> list[Ranks]:
    """Both rankings of all candidates of a family at its first ranking, a family after the other."""
    return [
        ranks_at(candidates, candidates[0].first_epoch, findings.score)
        for candidates in findings.families.values()
    ]


def ranks(values: Sequence[float]) -> tuple[float, ...]:
    """Place of each value in ascending order, from 1; equal values share the mean of their places."""
    order = sorted(values)
    return tuple((bisect_left(order, value) + bisect_right(order, value) + 1) / 2 for value in values)


def pearson(left: Sequence[float], right: Sequence[float]) -> float | None:
    """Correlation; of ranks, that is Spearman's. None for fewer than three pairs or without variation."""
    if len(left) < 3 or len(set(left)) == 1 or len(set(right)) == 1:
        return None
    return float(torch.corrcoef(torch.tensor([left, right], dtype=torch.float64))[0, 1])
