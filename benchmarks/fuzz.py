"""Random configurations, corpora, checkpoints, run folders and command lines, thrown at the commands.

    python benchmarks/fuzz.py --cases 10000 --seed 0
    python benchmarks/fuzz.py --cases 1 --seed 0 --first 1234      # one case again
    python benchmarks/fuzz.py --reader study --cases 500           # one reader of files; --reader all

A case passes if the command ends with exit status 0 or 2, a failing one with exactly one line (after those
of its progress, if it had begun to search), without traceback, and writes nowhere but in the places that it
was given. Prints a table of what was tried and
every finding; the exit status is 1 if there is one.

What was run last: 10,120 cases of commands (seeds 5, 11, 12, 13, 21, 22, 31, 900; 2,920 of them with links,
pipes, hostile names and given weights) and 300 of each of the sixteen readers. Findings: three configurations
whose ``families`` or ``dense_start`` was no list or table, mended, and now among the seeds.
"""

import argparse
import importlib
import io
import logging
import os
import random
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from contextlib import redirect_stderr, redirect_stdout, suppress
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import fuzz_inputs as inputs

SLOWEST = 120  # seconds; a case that takes longer hangs
WRITES = {"open": 0, "os.rename": 1, "os.remove": 0, "os.mkdir": 0, "os.link": 1, "os.rmdir": 0}


@dataclass
class Watch:
    """What a case writes, as the interpreter's audit events tell it."""

    active: bool = False
    touched: set[Path] = field(default_factory=set)

    def hear(self, event: str, arguments: tuple[object, ...]) -> None:
        """Note the path of an event that writes."""
        if not self.active or event not in WRITES:
            return
        path = arguments[WRITES[event]]
        if event == "open":
            mode, flags = arguments[1], arguments[2]
            writes = isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
            if not (writes or (isinstance(mode, str) and set(mode) & set("wax+"))):
                return
        if isinstance(path, str | bytes | os.PathLike):
            with suppress(OSError, ValueError):
                self.touched.add(Path(os.fsdecode(path)).absolute())


@dataclass(frozen=True)
class Finding:
    """A case that did not pass."""

    number: int
    kind: str
    arguments: list[str]
    what: str


def main() -> int:
    """Run the cases and print what they gave."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--first", type=int, default=0, help="number of the first case")
    parser.add_argument("--reader", help="throw files at one reader, or at all")
    given = parser.parse_args()
    if given.reader is not None:
        return read_cases(given.reader, given.seed, given.first, given.cases)
    began = time.monotonic()
    findings, outcomes = run_cases(given.seed, given.first, given.cases)
    seconds = time.monotonic() - began
    print(f"{'kind':<16}{'status 0':>10}{'status 2':>10}")
    for kind in inputs.KINDS:
        print(f"{kind:<16}{outcomes[kind, 0]:>10}{outcomes[kind, 2]:>10}")
    print(f"{given.cases} cases, seed {given.seed}, {seconds:.0f} s, {len(findings)} findings")
    for finding in findings:
        print(f"\ncase {finding.number} ({finding.kind}): hyperprune {' '.join(finding.arguments)[:300]}")
        print(finding.what)
    return 1 if findings else 0


def read_cases(name: str, seed: int, first: int, cases: int) -> int:
    """Throw changed files at readers, so many at each; gives the exit status."""
    import fuzz_readers

    known = fuzz_readers.readers()
    if name not in (*known, "all"):
        print(f"there is no reader {name!r}: choose one of all, {', '.join(known)}")
        return 2
    logging.disable(logging.CRITICAL)
    findings = 0
    print(f"{'reader':<16}{'cases':>8}{'findings':>10}{'seconds':>10}")
    with tempfile.TemporaryDirectory() as scratch:
        whole = fuzz_readers.material(Path(scratch) / "whole")
        for one in known if name == "all" else [name]:
            began, wrong = time.monotonic(), []
            for number in range(first, first + cases):
                chance = random.Random(f"{seed}/{one}/{number}")
                said = fuzz_readers.attack(one, known[one], whole, Path(scratch), chance, number)
                wrong += [f"case {number}: {said}"] if said else []
            findings += len(wrong)
            print(f"{one:<16}{cases:>8}{len(wrong):>10}{time.monotonic() - began:>10.1f}", flush=True)
            print(*wrong[:5], sep="\n\n", end="\n" if wrong else "")
    return 1 if findings else 0


def run_cases(seed: int, first: int, cases: int) -> tuple[list[Finding], Counter[tuple[str, int]]]:
    """Run so many cases from a number on, each from a generator of its own."""
    signal.signal(signal.SIGALRM, _hangs)
    importlib.import_module("matplotlib.font_manager")  # its first import makes its cache
    watch = Watch()
    sys.addaudithook(watch.hear)
    findings: list[Finding] = []
    outcomes: Counter[tuple[str, int]] = Counter()
    before = Path.cwd()
    with tempfile.TemporaryDirectory() as scratch:
        material = inputs.material(Path(scratch) / "material")
        os.environ["HYPERPRUNE_DATA"] = str(Path(scratch) / "cache")
        for number in range(first, first + cases):
            folder = Path(scratch) / "case"
            folder.mkdir()
            os.chdir(folder)
            try:
                chance = random.Random(f"{seed}/{number}")
                (kind,) = chance.choices(inputs.KINDS, inputs.SHARES)
                arguments = inputs.make(kind, chance, folder, material)
                status, what = _one(arguments, folder, watch)
                outcomes[kind, status] += 1
                if what:
                    findings.append(Finding(number, kind, arguments, what))
            finally:
                os.chdir(before)
                shutil.rmtree(folder)
    return findings, outcomes


def _hangs(*_: object) -> None:
    raise TimeoutError(f"no end after {SLOWEST} s")


def _one(arguments: list[str], folder: Path, watch: Watch) -> tuple[int, str]:
    """Give one command; the status, and what is wrong with it."""
    from hyperprune.cli import main as command

    held = _snapshot(folder)
    errors = io.StringIO()
    sys.argv = ["hyperprune", *arguments]
    watch.touched.clear()
    watch.active = True
    signal.alarm(SLOWEST)
    try:
        with redirect_stdout(io.StringIO()), redirect_stderr(errors):
            command()
        status = 0
    except SystemExit as end:
        status = int(end.code or 0)
    except BaseException:  # whatever comes out is a finding
        return -1, traceback.format_exc()
    finally:
        signal.alarm(0)
        watch.active = False
    return status, _wrong(status, errors.getvalue(), watch.touched, folder, held)


def _wrong(
    status: int, errors: str, touched: set[Path], folder: Path, held: dict[Path, tuple[int, int]]
) -> str:
    lines = [line for line in errors.splitlines() if not line.startswith("WARNING: ")]
    if status not in (0, 2):
        return f"exit status {status}: {errors}"
    if lines and lines[0].startswith("dense: "):
        lines = lines[-1:]  # what went before tells how far the search came
    if status == 2 and (len(lines) != 1 or not lines[0].startswith("error: ") or len(lines[0]) > 700):
        return f"not one line: {errors[:2000]}"
    allowed = folder / inputs.OUT
    outside = [path for path in touched if path != Path(os.devnull) and allowed not in (path, *path.parents)]
    if outside:
        return f"wrote outside: {outside}"
    now = _snapshot(folder)
    changed = [path for path in held if now.get(path) != held[path]]
    return f"changed what was there: {changed}" if changed else ""


def _snapshot(folder: Path) -> dict[Path, tuple[int, int]]:
    """Everything outside the place for output, with size and time."""
    place = folder / inputs.OUT
    return {
        path: (path.stat().st_size, path.stat().st_mtime_ns)
        for path in folder.rglob("*")
        if path.is_file() and place not in path.parents
    }


if __name__ == "__main__":
    # fsync guards against a power cut, which no case makes
    os.fsync = lambda _: None  # type: ignore[assignment]
    sys.dont_write_bytecode = True  # a module that is imported for the first time would be written elsewhere
    sys.exit(main())
