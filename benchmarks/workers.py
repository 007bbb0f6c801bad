"""One search on 1, 2 and 4 workers and on a Ray cluster of two nodes: the same result.json, and the times.

    python benchmarks/workers.py                       # 1, 2 and 4 workers
    python benchmarks/workers.py --ray                 # the same, and Ray in a network namespace of its own
    python benchmarks/workers.py --settings 1 2 --repeats 3

Each search runs in a process of its own; a time is that of ``hyperprune.search.run`` alone, in which the
workers are started and end. Beside it stands the floor: the seconds that the jobs themselves took with one
worker, divided among the workers that the machine holds. Settings take turns, so that what else the machine
does befalls all of them alike; the table shows medians.
"""

import argparse
import hashlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SIZES = {
    "corpus.max_train_tokens": 40_000,
    "recipe.epochs": 6,
    "search.candidates": 12,
    "search.startup": 4,
    "search.batch": 4,
}
LONELY = Path(__file__).parents[1] / "tests" / "jobs" / "lonely.py"


def main() -> int:
    """Print the table; status 1 if results differ."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--settings", nargs="+", default=["1", "2", "4"], help="numbers of workers, or ray")
    parser.add_argument("--ray", action="store_true", help="add a Ray cluster of two nodes of one CPU")
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--tokens", type=int, default=SIZES["corpus.max_train_tokens"])
    parser.add_argument("--one", help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        _search(given.one, given.out, given.tokens)
        return 0
    return _table([*given.settings, *(["ray"] if given.ray else [])], given.repeats, given.tokens)


def _table(settings: list[str], repeats: int, tokens: int) -> int:
    seconds: dict[str, list[float]] = {name: [] for name in settings}
    digests: set[str] = set()
    work = 0.0
    with tempfile.TemporaryDirectory() as scratch:
        for repeat in range(repeats):
            for name in settings:
                out = Path(scratch) / f"{name}-{repeat}"
                seconds[name].append(_measured(name, out, tokens))
                digests.add(hashlib.sha256((out / "result.json").read_bytes()).hexdigest())
                if name == settings[0]:
                    timings = json.loads((out / "timings.json").read_text())
                    work = timings["dense"] + sum(timings["candidates"].values())
    cores = len(os.sched_getaffinity(0))
    first = statistics.median(seconds[settings[0]])
    print(f"{cores} cores, one thread a job, {repeats} repeats; training itself: {work:.1f} s of work")
    print(f"{'workers':>10} {'seconds':>9} {'floor':>7} {'times as fast':>14}   all runs")
    for name in settings:
        middle = statistics.median(seconds[name])
        at_once = min(cores, 2 if name == "ray" else int(name))
        runs = ", ".join(f"{value:.1f}" for value in seconds[name])
        print(f"{name:>10} {middle:>9.1f} {work / at_once:>7.1f} {first / middle:>14.2f}   {runs}")
    print(
        "result.json: " + ("the same bytes everywhere" if len(digests) == 1 else f"{len(digests)} different")
    )
    return 0 if len(digests) == 1 else 1


def _measured(name: str, out: Path, tokens: int) -> float:
    command = [sys.executable, __file__, "--one", name, "--out", str(out), "--tokens", str(tokens)]
    if name == "ray":
        command = ["unshare", "--map-root-user", "--net", sys.executable, str(LONELY), *command]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return float(done.stdout.strip().splitlines()[-1])


def _search(name: str, out: Path, tokens: int) -> None:
    """One search, whose seconds are the last line printed."""
    from hyperprune.search import configure, run

    values: dict[str, object] = {**SIZES, "corpus.max_train_tokens": tokens}
    if name == "ray":
        sys.path.insert(0, str(LONELY.parent))
        import lonely

        values |= {"runtime.executor": "ray", "runtime.address": lonely.ray_cluster().address}
    else:
        values["runtime.workers"] = int(name)
    config = configure("python-docs", None, values)
    config.bound()  # the text is read before the clock starts
    began = time.perf_counter()
    run(config, out)
    print(f"{time.perf_counter() - began:.3f}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
