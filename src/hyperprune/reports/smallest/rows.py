"""The search for the smallest network in words: a table, and what it comes to."""

from hyperprune.reports.verdict import verdict_words
from hyperprune.search import SmallestResult
from hyperprune.search.results.smallest_result import Probe, Size
from hyperprune.tasks import Score
from hyperprune.training.verdict.verdict import Verdict

_CHOSEN = "chosen"


def size_headings(score: Score) -> tuple[str, ...]:
    """Of :func:`size_rows`."""
    name = f"valid {score.heading}"
    return ("sparsity", "live weights", name, "95 % interval", f"small dense {name}", "within")


def size_rows(result: SmallestResult) -> list[tuple[str, ...]]:
    """The dense network, then a row a sparsity that was tried, by sparsity."""
    score = result.score
    rows: list[tuple[str, ...]] = [
        ("dense", f"{result.dense.live:,}", score.text(result.dense.valid_score), "", "", "")
    ]
    for probe in sorted(result.probes, key=lambda probe: probe.sparsity):
        rows.append(
            (
                f"{probe.sparsity:g}",
                "" if probe.network is None else f"{probe.network.live:,}",
                "failed" if probe.network is None else score.text(probe.network.valid_score),
                _interval(result, probe),
                _score(score, probe.small_dense),
                _within(result, probe),
            )
        )
    return rows


def _within(result: SmallestResult, probe: Probe) -> str:
    if probe.sparsity == result.sparsity:
        return _CHOSEN
    return "yes" if probe.passes else "no"


def size_sentences(result: SmallestResult) -> list[str]:
    """How small it can be, what the test part says of it, and what that took."""
    level = f"{100 * result.tolerance:g} % of the dense score"
    chosen, confirmed = result.chosen, result.confirmed
    cost = f"The searches trained {result.epochs} epochs with the dense reference."
    if chosen is None or confirmed is None or chosen.network is None:
        reasons = [probe.verdict.reason for probe in result.probes if probe.verdict and probe.verdict.reason]
        if reasons:
            return [f"Not learned: {reasons[0]}. Try another learning rate, more epochs or more data.", cost]
        return [
            f"Nothing on the grid, from sparsity {result.grid[0]:g} on, is within {level} on the validation "
            "part. What may help: more dense_start.epochs or candidates, a grid that begins below, a larger "
            "--tolerance.",
            cost,
        ]
    share = chosen.network.live / result.dense.live
    lines = [
        f"The sparsest network within {level} has sparsity {chosen.sparsity:g}: {chosen.network.live:,} live "
        f"weights of {result.dense.live:,} ({100 * share:.0f} %), candidate {chosen.selected} of "
        f"{chosen.folder}. It was chosen on the validation part.",
        f"{verdict_words(confirmed.verdict, result.score)} The test part was read for this network alone.",
    ]
    if confirmed.small_dense is not None:
        ahead = result.score.signed(confirmed.small_dense) - result.score.signed(confirmed.selected)
        word = "better" if ahead > 0 else "worse"
        gap = result.score.text(abs(ahead))
        lines.append(
            f"A dense network with as many weights has a test {result.score.name} of "
            f"{result.score.text(confirmed.small_dense)}; the pruned one is {gap} {word}."
        )
    return [*lines, cost]


def ends(result: SmallestResult, verdict: Verdict) -> tuple[float, float] | None:
    """The interval of a network's validation score, smaller end first; none where there is none."""
    if verdict.low is None or verdict.high is None:
        return None
    dense = result.score.signed(result.dense.valid_score)
    found = (result.score.signed(dense - verdict.low), result.score.signed(dense - verdict.high))
    return min(found), max(found)


def _interval(result: SmallestResult, probe: Probe) -> str:
    found = None if probe.verdict is None else ends(result, probe.verdict)
    return "" if found is None else " to ".join(result.score.text(end) for end in found)


def _score(score: Score, size: Size | None) -> str:
    return "" if size is None else score.text(size.valid_score)
