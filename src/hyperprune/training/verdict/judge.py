"""From what was measured to the verdict; pure, so that the same numbers give the same word."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hyperprune.tasks import Score
from hyperprune.training.itemised import Itemised, ItemLosses
from hyperprune.training.verdict.bootstrap import Array, Scored, difference
from hyperprune.training.verdict.verdict import AgainstDense, Verdict


@dataclass(frozen=True)
class Learned:
    """What says whether a network has learned anything, on the validation part; smaller is better.

    Attributes:
        name: of the network, for the reason.
        loss: at its best epoch.
        start: before its first step.
        given: whether it started from trained weights, so that it may stay where it was.
    """

    name: str
    loss: float
    start: float
    given: bool = False


@dataclass(frozen=True)
class Reason:
    """Why a network counts for nothing.

    Attributes:
        words: as a clause.
        diverged: whether it ended no better than it began, so that training went wrong.
    """

    words: str
    diverged: bool


def judged(
    score: Score, dense: Itemised, pruned: Itemised, tolerance: float, seed: int, reason: Reason | None = None
) -> Verdict:
    """The verdict on two networks.

    Args:
        score: what the numbers are called, and which way is better.
        dense: on the test part.
        pruned: likewise, on the same items.
        tolerance: share of the dense score by which the worse end may be worse.
        seed: of the draws.
        reason: why one of them has not learned, from :func:`not_learned`; None if both have.
    """
    goal = score.shown(dense.loss)
    value = score.signed(goal) - score.signed(score.shown(pruned.loss))
    plain = Verdict(
        against_dense=_word(value, goal, tolerance),
        difference=value if math.isfinite(value) else None,
        low=None,
        high=None,
        tolerance=tolerance,
    )
    if reason is not None:
        return plain.model_copy(
            update={"against_dense": "not learned", "reason": reason.words, "diverged": reason.diverged}
        )
    left, right = dense.items, pruned.items
    if left is None or right is None or left.counts != right.counts:
        return plain
    found = difference(
        left.losses, right.losses, left.counts, _scored(score, left), ordered=left.ordered, seed=seed
    )
    return plain.model_copy(
        update={
            "against_dense": _word(found.low, goal, tolerance),
            "low": found.low,
            "high": found.high,
            "items": len(left.losses),
            "item": left.name,
            "block": found.block,
        }
    )


def not_learned(
    score: Score, networks: Sequence[Learned], naive: tuple[str, float] | None, tolerance: float
) -> Reason | None:
    """Why one of some networks counts for nothing; None if all have learned.

    A network that started from fresh weights must end better than it began. One that started from trained
    weights may end a little worse, by the tolerance, because it had learned before.

    Args:
        score: what the numbers are called.
        networks: the first one that has not learned gives the reason.
        naive: what is reached without a network, and the score of that on the validation part.
        tolerance: share of a score.
    """
    for network in networks:
        reached, begun = score.shown(network.loss), score.shown(network.start)
        said = f"{network.name} reaches a validation {score.name} of {score.text(reached)}, no better than"
        room = tolerance * abs(begun) if network.given else 0.0
        gained = score.signed(begun) + room - score.signed(reached)
        if not (gained >= 0 if network.given else gained > 0):
            return Reason(f"{said} {score.text(begun)}, where it began", diverged=True)
        if naive is not None and not score.signed(reached) < score.signed(naive[1]):
            return Reason(f"{said} {score.text(naive[1])}, {naive[0]}", diverged=False)
    return None


def _word(worse_end: float, goal: float, tolerance: float) -> AgainstDense:
    if worse_end > 0:
        return "better"
    return "level" if worse_end >= -tolerance * abs(goal) else "worse"


def _scored(score: Score, items: ItemLosses) -> Scored:
    """From a mean of items to the score, smaller for better networks."""

    def scored(means: Array) -> Array:
        numbers = np.sqrt(means) if items.root else means
        shown = np.exp(np.minimum(numbers, 700.0)) if score.exponential else numbers
        return -shown if score.better == "higher" else shown

    return scored
