"""The tables of docs/results.md from finished runs: python benchmarks/run_table.py RUN [RUN ...]."""

import sys
from pathlib import Path

from hyperprune.reports.rows import cost_sentences, headings, network_rows, variant_words
from hyperprune.search import CandidateResult, RunFolder, SearchResult, load_timings


def main() -> None:
    """Print each run's networks, candidates and cost as Markdown."""
    for name in sys.argv[1:]:
        folder = RunFolder(Path(name).resolve())
        result = folder.result()
        if result is None:
            raise SystemExit(f"{name} has no result: finish the search first")
        timings = load_timings(folder)
        _print(headings(result.score), network_rows(result, timings))
        rows = [
            (
                f"{c.number}",
                variant_words(c.variant),
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
