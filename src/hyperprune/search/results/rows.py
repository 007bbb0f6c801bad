"""A result as rows of plain values, for tables of any kind."""

from pathlib import Path
from typing import Any

from hyperprune.search.results.costs import cost_of
from hyperprune.search.results.final_network import Curve
from hyperprune.search.results.result import SearchResult

Rows = list[dict[str, Any]]


def candidate_rows(result: SearchResult, run: Path) -> Rows:
    """One row a candidate: what became of it, its pruning choices, and its figures.

    ``bytes`` are those of the weights in the smallest form of an export, ``multiply_adds`` those of a token;
    both are read from the checkpoints in the folder ``run``.
    """
    rows: Rows = []
    score = result.score
    for candidate in result.candidates:
        final = candidate.final
        cost = cost_of(run, final)
        rows.append(
            {
                "number": candidate.number,
                "standing": candidate.standing,
                "duplicate_of": candidate.duplicate_of,
                "failure": candidate.failure,
                **candidate.choices,
                "pool_metric": candidate.pool_metric,
                "pool_spread": candidate.pool_spread,
                "rounds": candidate.rounds,
                "epochs": len(candidate.curve.train_loss),
                "best_valid_score": min(candidate.curve.valid_score, key=score.signed, default=None),
                "test_score": None if final is None else final.test_score,
                "live": None if final is None else final.live,
                "bytes": None if cost is None else cost.bytes,
                "multiply_adds": None if cost is None else cost.multiply_adds,
            }
        )
    return rows


def epoch_rows(result: SearchResult) -> Rows:
    """One row a network and epoch; ``candidate`` is None for the dense reference."""
    rows = _curve_rows(None, result.dense.curve)
    for candidate in result.candidates:
        rows += _curve_rows(candidate.number, candidate.curve)
    return rows


def round_rows(result: SearchResult) -> Rows:
    """One row a round and ranked candidate."""
    return [
        {
            "round": number,
            "until": ranking.until,
            "rank": rank,
            "candidate": candidate,
            "metric": metric,
            "promoted": candidate in ranking.promoted,
        }
        for number, ranking in enumerate(result.rounds)
        for rank, (candidate, metric) in enumerate(zip(ranking.ranking, ranking.metric, strict=True), start=1)
    ]


def _curve_rows(candidate: int | None, curve: Curve) -> Rows:
    distances = curve.ls_distance
    return [
        {
            "candidate": candidate,
            "epoch": place + 1,
            "train_loss": loss,
            "valid_score": score,
            "ls_distance": distances[place] if place < len(distances) else None,
        }
        for place, (loss, score) in enumerate(zip(curve.train_loss, curve.valid_score, strict=True))
    ]
