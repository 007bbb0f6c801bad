"""What CONTRIBUTING.md says of the tree is true."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "CONTRIBUTING.md").read_text()
NEW = (
    "oldest.py",
    "rmsprop.py",
    "peephole.py",
    "brute.py",
    "test_peephole.py",
)  # made by recipes
MOST = 12  # files on the trail of one search


def _exists(name: str) -> bool:
    return any((ROOT / above / name).exists() for above in ("", "src/hyperprune"))


def test_paths_exist() -> None:
    names = re.findall(r"`((?:[\w.-]+/)+[\w.-]*)`", TEXT)
    assert len(names) > 30
    assert [name for name in names if not name.endswith(NEW) and not _exists(name)] == []


def test_the_trail_of_a_search_is_short_and_exists() -> None:
    section = TEXT.partition("### The trail of one search")[2].partition("\n## ")[0]
    files = re.findall(r"^\| `([\w/]+\.py)` \|", section, flags=re.M)
    assert 5 < len(files) <= MOST
    for name in files:
        assert (ROOT / "src" / "hyperprune" / name).is_file(), name


def test_the_trail_is_connected() -> None:
    """Each file of the trail is imported by one before it, by its own name or by its package's page."""
    section = TEXT.partition("### The trail of one search")[2].partition("\n## ")[0]
    files = re.findall(r"^\| `([\w/]+)\.py` \|", section, flags=re.M)
    source = ROOT / "src" / "hyperprune"
    reached = (source / f"{files[0]}.py").read_text()
    for name in files[1:]:
        parts = name.split("/")
        ways = [f"hyperprune.{'.'.join(parts[:n])} import " for n in range(1, len(parts) + 1)]
        assert any(way in reached for way in ways), name
        reached += (source / f"{name}.py").read_text()
