"""The tables of docs/results.md from finished runs: python benchmarks/run_table.py [--summary] RUN [RUN ...].

With ``--summary`` one table of all runs, a row each, for searches on different networks.
"""

import argparse
from pathlib import Path

from hyperprune.reports.rows import cost_sentences, duration, headings, network_rows
from hyperprune.search import CandidateResult, RunFolder, SearchResult, load_timings
from hyperprune.search.space.words import choice_words

_SUMMARY = (
    "search",
    "without a network",
    "dense valid / test",
    "selected valid / test",
    "live weights",
    "variant",
    "epochs with dense",
    "training",
)


def main() -> None:
    """Print each run's networks, candidates and cost as Markdown, or a row for each run."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("runs", nargs="+", metavar="RUN")
    parser.add_argument("--summary", action="store_true")
    options = parser.parse_args()
    found = [(name, *_finished(name)) for name in options.runs]
    if options.summary:
        _print(_SUMMARY, [_summary(Path(name).name, folder, result) for name, folder, result in found])
        return
    for _, folder, result in found:
        timings = load_timings(folder)
        _print(headings(result.score), network_rows(result, timings))
        rows = [
            (
                f"{c.number}",
                choice_words(c.choices),
                c.standing if c.duplicate_of is None else f"same as {c.duplicate_of}",
                "" if c.pool_metric is None else f"{c.pool_metric:.2f}",
                f"{len(c.curve.train_loss)}",
                _best(result, c),
            )
            for c in result.candidates
        ]
        _print(
            (
                "candidate",
                "variant",
                "standing",
                f"first {result.metric}",
                "epochs",
                f"best valid {result.score.heading}",
            ),
            rows,
        )
        print("\n".join(cost_sentences(result, timings)))


def _finished(name: str) -> tuple[RunFolder, SearchResult]:
    folder = RunFolder(Path(name).resolve())
    result = folder.result()
    if result is None:
        raise SystemExit(f"{name} has no result: finish the search first")
    return folder, result


def _summary(name: str, folder: RunFolder, result: SearchResult) -> tuple[str, ...]:
    text, dense, timings = result.score.text, result.dense.final, load_timings(folder)
    selected = next((c for c in result.candidates if c.number == result.selected), None)
    final = selected and selected.final
    return (
        name,
        "" if result.naive is None else text(result.naive.valid_score),
        f"{text(dense.valid_score)} / {text(dense.test_score)}" if dense else "",
        f"{text(final.valid_score)} / {text(final.test_score)}" if final else "none",
        f"{final.live:,} of {dense.live:,}" if final and dense else "",
        choice_words(selected.choices) if selected else "",
        f"{result.cost.with_dense}",
        "" if timings is None else duration(timings.search + timings.dense),
    )


def _best(result: SearchResult, candidate: CandidateResult) -> str:
    best = min(candidate.curve.valid_score, key=result.score.signed, default=None)
    return "" if best is None else result.score.text(best)


def _print(headings: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    print("| " + " | ".join(headings) + " |")
    print("|" + " --- |" * len(headings))
    for row in rows:
        print("| " + " | ".join(row) + " |")
    print()


if __name__ == "__main__":
    main()
