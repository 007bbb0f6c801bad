"""A round is decided in one pure place."""

import ast
import math
from pathlib import Path

import pytest

from hyperprune.search.plans import PlanSettings
from hyperprune.search.plans.rounds import Rounds
from hyperprune.search.rounds import round as one_round
from hyperprune.search.rounds.round import Entry, decided, ranked

PLAN = Rounds(PlanSettings(candidates=5, first=1, each=2, eta=2, full=9))


def _first(parts: list[tuple[float, ...]]) -> list[float]:
    return [own[0] for own in parts]


def test_a_round_by_hand() -> None:
    entries = [
        Entry(0, (3.0,), 1.0),
        Entry(1, None, math.nan),
        Entry(2, (1.0,), 2.0),
        Entry(3, (1.0,), 1.0),
        Entry(4, (2.0,), 0.0),
    ]
    order = ranked(entries, _first)
    assert [one.number for one in order] == [3, 2, 4, 0], "ties go by validation loss"
    made = decided(PLAN, 0, 1, entries, order, {2: 3})
    assert made.result.ranking == (3, 2, 4, 0)
    assert made.result.metric == (1.0, 1.0, 2.0, 3.0)
    assert made.result.failed == (1,)
    assert made.result.promoted == (3, 4), "2 repeats 3, so 4 takes its place"
    assert made.result.same_as == {2: 3}
    assert not made.step.last or made.step.until == 9


def test_scores_are_made_of_all_that_did_not_fail() -> None:
    seen: list[int] = []

    def compared(parts: list[tuple[float, ...]]) -> list[float]:
        seen.append(len(parts))
        return [-float(place) for place in range(len(parts))]

    order = ranked([Entry(0, (0.0,), 0.0), Entry(1, None, 0.0), Entry(2, (0.0,), 0.0)], compared)
    assert seen == [2]
    assert [one.number for one in order] == [2, 0]


@pytest.mark.parametrize("name", ["torch", "pathlib", "os", "time", "optuna"])
def test_deciding_needs_no_clock_disk_or_network(name: str) -> None:
    assert name not in _closure(Path(one_round.__file__ or ""), set())


def _closure(path: Path, seen: set[Path]) -> set[str]:
    """Packages that a file needs, through the files of ours that it names (their package pages left out)."""
    source = Path(one_round.__file__ or "").parents[3]
    found: set[str] = set()
    seen.add(path)
    for node in ast.walk(ast.parse(path.read_text())):
        names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        for name in names:
            if not name.startswith("hyperprune"):
                found.add(name.partition(".")[0])
                continue
            file = source / Path(*name.split(".")).with_suffix(".py")
            if file.exists() and file not in seen:
                found |= _closure(file, seen)
    return found
