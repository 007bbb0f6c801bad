"""Whole searches against an earlier version, in turn: how much faster the same search has become.

    python benchmarks/search_speed.py [--base a851880] [--pairs 3] [--clock cpu] [NAME ...]

The configurations in ``frozen/`` are the presets as they were at the base, weights of dense scale, one
worker. The base's sources are taken from git into a folder of their own; both versions run in processes of
the same environment, one after the other, the order changing from pair to pair. Timed is the same work: until
the last finalist has ended. ``whole`` counts what comes after it too, yardsticks and verdict, which the base
did not have. ``NAME`` is one of the files, ``step`` (a training step at vocabulary 10,000 and 200 units) or
``bfloat16`` (the demo in both precisions of this version); all if left out. Wall time means something on an
idle machine alone; ``--clock cpu`` takes processor time. PTB is read from where ``hyperprune data get ptb``
put it.

Exit status 1 if a bound is missed.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
CHILD = HERE / "search_speed_child.py"
BASE = "a851880"
HEADINGS = ("what", "before s", "now s", "times as fast", "pairs", "least", "whole s", "now", "score", "now")


@dataclass(frozen=True)
class Line:
    """What is timed in both versions, and how many times as fast the second must be."""

    name: str
    bound: float
    first: tuple[str, ...]
    second: tuple[str, ...]
    both_here: bool = False


def _search(name: str, bound: float) -> Line:
    task = ("search", str(HERE / "frozen" / f"{name}.toml"))
    return Line(name, bound, task, task)


LINES = (
    _search("ptb-lstm-small", 1.05),
    _search("ptb-gru-small", 1.15),
    _search("ptb-rhn-small", 1.0),
    _search("demo", 1.0),
    Line("step", 1.15, ("step",), ("step",)),
    Line(
        "bfloat16",
        1.3,
        ("search", str(HERE / "frozen" / "demo.toml")),
        ("search", str(HERE / "frozen" / "demo.toml"), "bfloat16"),
        both_here=True,
    ),
)


def run(sources: Path, arguments: tuple[str, ...]) -> dict[str, Any]:
    """One process of a version; what it says of itself."""
    environment = {**os.environ, "PYTHONPATH": str(sources), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-P", str(CHILD), *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"{' '.join(arguments)} with {sources}: {done.stderr.strip().splitlines()[-1]}")
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    if not Path(told["package"]).is_relative_to(sources):
        sys.exit(f"the package came from {told['package']} and not from {sources}: run it without -m")
    return told


def pairs(line: Line, base: Path, count: int) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Both versions in turn."""
    here = ROOT / "src"
    sides = ((here if line.both_here else base, line.first), (here, line.second))
    for index in range(count):
        order = (0, 1) if index % 2 == 0 else (1, 0)
        told = {side: run(*sides[side]) for side in order}
        yield told[0], told[1]


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="lines to measure; all if left out")
    parser.add_argument("--base", default=BASE, help="revision to compare with")
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--clock", choices=("wall", "cpu"), default="wall")
    options = parser.parse_args()
    kept, fresh = True, []
    print(f"base {options.base}, {options.clock} time, {options.pairs} pairs in turn\n")
    print(_row(HEADINGS))
    print(_row(["---"] * len(HEADINGS)))
    with tempfile.TemporaryDirectory() as folder:
        archive = subprocess.run(
            ["git", "-C", str(ROOT), "archive", options.base, "src"], check=True, capture_output=True
        )
        subprocess.run(["tar", "-x", "-C", folder], input=archive.stdout, check=True)
        for line in LINES:
            if options.names and line.name not in options.names:
                continue
            told = list(pairs(line, Path(folder) / "src", options.pairs))
            before, now = (statistics.median(pair[n][options.clock] for pair in told) for n in (0, 1))
            ratios = sorted(a[options.clock] / b[options.clock] for a, b in told)
            ratio = statistics.median(ratios)
            kept = kept and ratio >= line.bound
            cells = [line.name, f"{before:.3f}", f"{now:.3f}", f"{ratio:.2f}"]
            cells += [f"{ratios[0]:.2f} to {ratios[-1]:.2f}", f"{line.bound}"]
            for key, form in (("whole", ".1f"), ("score", ".3f")):
                for known in ([pair[n][key] for pair in told] for n in (0, 1)):
                    cells.append("" if None in known else format(statistics.median(known), form))
            print(_row(cells), flush=True)
            fresh += [_by_faults(told, options.clock)] if "faults" in told[0][0] else []
    print("\n".join(fresh))
    return 0 if kept else 1


def _by_faults(told: Sequence[tuple[dict[str, Any], dict[str, Any]]], clock: str) -> str:
    """Each process of a step: how long it took, and how many pages the system handed out meanwhile."""
    said = ["\nms a step (page faults a step), each process:"]
    for n, side in enumerate(("before", "now")):
        ordered = sorted((pair[n]["faults"], pair[n][clock]) for pair in told)
        said.append(f"{side}: " + ", ".join(f"{1e3 * took:.0f} ({faults:,.0f})" for faults, took in ordered))
    return "\n".join(said)


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


if __name__ == "__main__":
    sys.exit(main())
