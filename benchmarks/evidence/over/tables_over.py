"""How the tables of this run are printed."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from statistics import mean
from typing import Any

from rankings import EARLY, Row

from hyperprune.search.metrics.rank_correlation import Estimate


def by_epoch(found: Sequence[Row], shown: Callable[[Row], str]) -> None:
    """A line a metric, a column an epoch."""
    place = {(row.metric, row.epoch): shown(row) for row in found}
    epochs = [epoch for epoch in EARLY if any(row.epoch == epoch for row in found)]
    names = dict.fromkeys(row.metric for row in found)
    table(
        ("metric", *(f"epoch {e}" for e in epochs)),
        [(name, *(place.get((name, epoch), "") for epoch in epochs)) for name in names],
    )


def spread(scores: Sequence[float]) -> str:
    """Mean, and the best one."""
    return f"{mean(scores):.3f} ({min(scores):.3f})" if scores else ""


def difference_words(verdict: Mapping[str, Any] | None) -> str:
    """Difference to the dense network with its interval, positive where it is better."""
    if verdict is None:
        return ""
    return f"{verdict['difference']:+.2f} [{verdict['low']:+.2f}, {verdict['high']:+.2f}]"


def interval(found: Estimate) -> str:
    """Value and interval."""
    return f"{found.value:.2f} [{found.low:.2f}, {found.high:.2f}]"


def table(headings: Sequence[str], body: Iterable[Sequence[str]]) -> None:
    """A Markdown table."""
    print("| " + " | ".join(headings) + " |")
    print("|" + " --- |" * len(headings))
    for row in body:
        print("| " + " | ".join(row) + " |")
