"""What the networks of a search weigh and compute, as rows; and how fast they are here, where asked."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from hyperprune.export.profile import speeds
from hyperprune.inference.timing import Timing
from hyperprune.reports.rows import trained
from hyperprune.search import SearchResult
from hyperprune.search.results.costs import cost_of

_HEADINGS = ("network", "bytes on disk", "of dense", "multiply-adds a token", "of dense")
_TIMES = ("us a token, batch 1", "of dense", "tokens/s, batch 20")


@dataclass(frozen=True)
class CostTable:
    """A row each for the networks that were trained to the end.

    Attributes:
        title: over it.
        headings: of the columns.
        rows: cells; without figures where a checkpoint has gone.
        note: what the figures are.
    """

    title: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str


def cost_table(result: SearchResult, run: Path, times: Mapping[str, Timing] | None = None) -> CostTable:
    """Bytes and multiply-adds, and times where they were asked for.

    Args:
        result: of the search.
        run: its folder.
        times: what :func:`measured_times` gave.
    """
    dense, rows = cost_of(run, result.dense.final), []
    for name, final in trained(result):
        cost = cost_of(run, final)
        cells: tuple[str, ...] = ("", "", "", "")
        if cost is not None and dense is not None:
            cells = (
                f"{cost.bytes:,}",
                f"{cost.bytes / dense.bytes:.3f}",
                f"{cost.multiply_adds:,}",
                f"{cost.multiply_adds / max(dense.multiply_adds, 1):.3f}",
            )
        rows.append((name, *cells, *(() if times is None else _times(times.get(name)))))
    note = (
        "Bytes are those of the weights in the smallest form of an export, in float32; multiply-adds those "
        "of a token, decoder included."
    )
    if times is not None:
        note += " Times are medians on this machine, each network as hyperprune.inference runs it."
    headings = _HEADINGS if times is None else (*_HEADINGS, *_TIMES)
    return CostTable("What they weigh and compute", headings, tuple(rows), note)


def measured_times(result: SearchResult, run: Path, task: str | None, rounds: int = 9) -> dict[str, Timing]:
    """Latency and throughput of each on this machine, in turn; only of those whose inputs are known."""
    return speeds({name: run / final.weights for name, final in trained(result)}, task, rounds)


def _times(timing: Timing | None) -> tuple[str, str, str]:
    if timing is None:
        return "", "", ""
    return f"{timing.latency:,.1f}", f"{timing.slower:.3f}", f"{timing.throughput:,.0f}"
