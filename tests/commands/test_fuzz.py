"""A small part of benchmarks/fuzz.py, in a process of its own because it watches the whole interpreter."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_sixty_cases_without_finding() -> None:
    command = [sys.executable, str(ROOT / "benchmarks" / "fuzz.py"), "--cases", "60", "--seed", "1"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "60 cases, seed 1" in done.stdout


def test_every_reader_of_files_stands_the_found_cases() -> None:
    """Some 200 of 2,600 damaged files gave tracebacks; those that were found are the first cases."""
    command = [sys.executable, str(ROOT / "benchmarks" / "fuzz.py"), "--reader", "all", "--cases", "25"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(done.stdout.splitlines()) == 17


def test_the_fuzz_run_of_readers_would_find_a_traceback_and_two_lines(tmp_path: Path) -> None:
    code = (
        "import random, sys\nfrom pathlib import Path\n"
        f"sys.path.insert(0, {str(ROOT / 'benchmarks')!r})\nimport fuzz_readers\n"
        "from hyperprune.errors import CheckpointError\n"
        f"whole = Path({str(tmp_path)!r}) / 'whole'\n(whole / 'a').mkdir(parents=True)\n"
        "(whole / 'a' / 'b').write_text('x')\n"
        "def raises(path):\n    raise KeyError('oops')\n"
        "def chatty(path):\n    raise CheckpointError(f'{path} is\\nbad')\n"
        "def nameless(path):\n    raise CheckpointError('bad')\n"
        "for read in (raises, chatty, nameless, lambda path: None):\n"
        "    reader = fuzz_readers.Reader('a/b', read, [b''])\n"
        "    said = fuzz_readers.attack('x', reader, whole, whole.parent, random.Random(0), 0)\n"
        "    print(repr(said))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    first, second, third, last = done.stdout.splitlines()
    assert "KeyError" in first
    assert "not one line that names the file" in second
    assert "not one line that names the file" in third
    assert last == "''"


def test_the_fuzz_run_would_find_a_write_outside_and_a_traceback(tmp_path: Path) -> None:
    """The net itself: a command that writes beside its place, and one that raises, are findings."""
    code = (
        "import sys\nfrom pathlib import Path\n"
        f"sys.path.insert(0, {str(ROOT / 'benchmarks')!r})\nimport fuzz\nimport hyperprune.cli\n"
        "watch = fuzz.Watch()\nsys.addaudithook(watch.hear)\n"
        f"folder = Path({str(tmp_path)!r})\n"
        "def outside():\n    (folder / 'stray').write_text('x')\n    sys.exit(0)\n"
        "hyperprune.cli.main = outside\nprint(fuzz._one([], folder, watch)[1])\n"
        "def raises():\n    raise KeyError('oops')\n"
        "hyperprune.cli.main = raises\nprint(fuzz._one([], folder, watch)[1])\n"
        "def chatty():\n    print('a\\nb', file=sys.stderr)\n    sys.exit(2)\n"
        "hyperprune.cli.main = chatty\nprint(fuzz._one([], folder, watch)[1])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "wrote outside" in done.stdout
    assert "KeyError: 'oops'" in done.stdout
    assert "not one line: a" in done.stdout
