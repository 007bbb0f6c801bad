import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

EVIDENCE = Path(__file__).parents[2] / "benchmarks" / "evidence"


@pytest.fixture(autouse=True)
def scripts(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The evidence scripts import each other by their bare names, as scripts do; gone after the test."""
    monkeypatch.syspath_prepend(str(EVIDENCE))
    monkeypatch.syspath_prepend(str(EVIDENCE / "over"))
    names = [path.stem for path in EVIDENCE.rglob("*.py")]
    for name in names:
        sys.modules.pop(name, None)
    yield
    for name in names:
        sys.modules.pop(name, None)
