"""The tables of docs/results.md from the records alone; pure."""

from collections import Counter
from collections.abc import Iterable, Sequence
from textwrap import fill

from hyperprune.reports.rows import duration
from promise_ablation import ROWS, AblationRecord
from promise_record import Network, Record

_YARDSTICKS = {
    "one-shot": "one-shot",
    "gradual": "gradual",
    "small-dense": "small dense",
    "dense-trained-on": "dense, trained on",
}
_HEADINGS = (
    "search",
    "seed",
    "score",
    "dense",
    "selected",
    *_YARDSTICKS.values(),
    "verdict: test difference [95 % interval]",
    "epochs",
    "training",
)
_WIDTH = 110  # columns of prose in docs/


def table(records: Sequence[Record], digests: dict[str, str]) -> str:
    """All searches, a table a density group, with what they come to in words.

    Args:
        records: in the order of the table.
        digests: of today's configurations, by the names of the records.
    """
    if not records:
        return "No search has a record yet."
    low = [record for record in records if _is_low(record)]
    own = [record for record in records if not _is_low(record)]
    parts = []
    for title, group in (("At each preset's own density", own), ("At density 0.10", low)):
        if group:
            parts += [f"{title} (validation / test):", _markdown(_HEADINGS, map(_row, group)), counts(group)]
    stale = [_name(record) for record in records if digests.get(_name(record)) != record.digest]
    if stale:
        parts.append(f"Of an earlier configuration: {', '.join(stale)}.")
    return "\n\n".join(part if part.startswith("|") else fill(part, _WIDTH) for part in parts)


def counts(records: Sequence[Record]) -> str:
    """How many are better, level, worse, and how many are ahead of a small dense network."""
    words = Counter("nothing selected" if r.verdict is None else r.verdict.against_dense for r in records)
    order = ("better", "level", "worse", "not learned", "nothing selected")
    said = ", ".join(f"{words[word]} {word}" for word in order if words[word])
    pairs = [gap for record in records if (gap := ahead_of_small(record)) is not None]
    ahead = sum(gap > 0 for gap in pairs)
    exact = sum(_word(record, "worse") and not _surely_worse(record) for record in records)
    lines = [f"Of {len(records)}: {said}."]
    if exact:
        lines.append(f"Of the worse ones, {exact} have an interval that reaches zero.")
    if pairs:
        lines.append(f"Selected ahead of small dense on the test part: {ahead} of {len(pairs)}.")
    return " ".join(lines)


def ahead_of_small(record: Record) -> float | None:
    """How much better the selected network's test score is than that of a small dense one; none without."""
    selected, small = record.networks.get("selected"), record.networks.get("small-dense")
    if selected is None or small is None:
        return None
    return record.score.signed(small.test) - record.score.signed(selected.test)


def ablation(records: Sequence[AblationRecord]) -> str:
    """Means over seeds, and each seed, of every row."""
    if not records:
        return "The ablation has no record yet."
    parts = []
    for name in dict.fromkeys(record.network for record in records):
        own = [record for record in records if record.network == name]
        seeds = sorted({record.seed for record in own})
        text = own[0].score.text
        headings = (f"{name}, validation {own[0].score.heading}", "mean", *(f"seed {seed}" for seed in seeds))
        rows = []
        for row in ("dense", *ROWS):
            found = {record.seed: record.valid for record in own if record.row == row}
            if found:
                mean = sum(found.values()) / len(found)
                each = (text(found[seed]) if seed in found else "" for seed in seeds)
                rows.append((row, text(mean) if len(found) == len(seeds) else "", *each))
        parts.append(_markdown(headings, rows))
    return "\n\n".join(parts)


def _row(record: Record) -> tuple[str, ...]:
    networks = record.networks
    return (
        record.search,
        f"{record.seed}",
        record.score.heading,
        *(_scores(record, networks.get(name)) for name in ("dense", "selected", *_YARDSTICKS)),
        _verdict(record),
        f"{record.epochs['with_dense']} + {record.epochs['controls']}",
        duration(sum(record.seconds.values())) if record.seconds else "",
    )


def _scores(record: Record, network: Network | None) -> str:
    text = record.score.text
    return "" if network is None else f"{text(network.valid)} / {text(network.test)}"


def _verdict(record: Record) -> str:
    verdict = record.verdict
    if verdict is None:
        return "nothing selected"
    if verdict.difference is None or verdict.low is None or verdict.high is None:
        return verdict.against_dense
    text = record.score.text
    low, value, high = (
        f"{'-' if number < 0 else '+'}{text(abs(number))}"
        for number in (verdict.low, verdict.difference, verdict.high)
    )
    return f"{verdict.against_dense}: {value} [{low}, {high}]"


def _word(record: Record, word: str) -> bool:
    return record.verdict is not None and record.verdict.against_dense == word


def _surely_worse(record: Record) -> bool:
    verdict = record.verdict
    return verdict is not None and (verdict.high is None or verdict.high < 0)


def _is_low(record: Record) -> bool:
    return record.density == 0.1


def _name(record: Record) -> str:
    return f"{record.search}-{record.density:.2f}-{record.seed}"


def _markdown(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(headings)} |", "|" + " --- |" * len(headings)]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)])
