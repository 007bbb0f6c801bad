"""The published pool: LS distances and perplexities after 3 epochs of a large LSTM's variants, as numbers."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from hyperprune.search.metrics.rank_correlation import Estimate, estimate, resamples


@dataclass(frozen=True)
class Agreement:
    """How two metrics of the same epoch order the same variants.

    Attributes:
        pool: where the variants are from.
        variants: how many.
        correlations: by kind, with intervals over variants.
    """

    pool: str
    variants: int
    correlations: Mapping[str, Estimate]


def agreement(pool: str, ls: list[float], quality: list[float], draws: int) -> Agreement:
    """Rank correlations of LS distance and perplexity (or loss, the same order)."""
    weights = resamples(len(ls), draws, 0)
    kinds = ("spearman", "kendall")
    return Agreement(pool, len(ls), {kind: estimate(kind, ls, quality, weights) for kind in kinds})


def read(path: Path) -> tuple[list[float], list[float]]:
    """LS distance and validation perplexity of each variant of the published pool."""
    with path.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    return [float(row["ls_distance"]) for row in rows], [float(row["val_perplexity"]) for row in rows]
