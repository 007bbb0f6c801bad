"""A room imports only from rooms above it; rooms on one line don't see each other."""

import ast
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src" / "hyperprune"
LAYERS = [
    {
        "errors",
        "accelerators",
        "optional",
        "registry",
        "seeding",
        "spelling",
        "files",
        "versions",
        "papers",
        "config",
        "frames",
    },
    {"corpora", "models", "sparsity", "executors"},
    {"optim", "lyapunov"},
    {"tasks"},
    {"training"},
    {"search"},
    {"inference"},
    {"export"},
    {"reports"},
    {"cli"},
]
LEVEL = {room: level for level, rooms in enumerate(LAYERS) for room in rooms}


def _room(module: str) -> str | None:
    parts = module.split(".")
    return parts[1] if parts[0] == "hyperprune" and len(parts) > 1 else None


def _imports(path: Path) -> list[tuple[int, str]]:
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: relative import"
            module = node.module or ""
            found += [(node.lineno, f"{module}.{alias.name}") for alias in node.names]
    return found


def breaches(source: Path) -> list[str]:
    """Lines that import from a room at the same level or below, or a private name of another file."""
    lines = []
    for path in sorted(source.rglob("*.py")):
        own = path.relative_to(source).with_suffix("").parts[0]
        if own in ("__init__", "__main__"):
            continue
        for line, module in _imports(path):
            room = _room(module)
            if room is None or room not in LEVEL:
                continue
            place = f"{path.relative_to(source)}:{line}"
            above = LEVEL[room] < LEVEL.get(own, 0) or LEVEL[room] == LEVEL.get(own, 0) == 0
            if room != own and not above:
                lines.append(f"{place}: {own} imports {room}")
            if module.rsplit(".", 1)[1].startswith("_") and not module.endswith("__version__"):
                lines.append(f"{place}: private name {module}")
    return lines


def test_every_room_has_a_level() -> None:
    rooms = {p.stem for p in SOURCE.iterdir() if p.suffix == ".py" or (p / "__init__.py").exists()}
    assert rooms - {"__init__", "__main__"} <= set(LEVEL)


def test_imports_point_one_way() -> None:
    assert breaches(SOURCE) == []


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("models/a.py", "from hyperprune.training.job import x"),
        ("corpora/a.py", "import hyperprune.models.lstm"),
        ("files.py", "from hyperprune.models.lstm import x"),
        ("search/a.py", "from hyperprune.training.job import _secret"),
    ],
)
def test_a_breach_is_named(tmp_path: Path, file: str, text: str) -> None:
    (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / file).write_text(text)
    (line,) = breaches(tmp_path)
    assert line.startswith(f"{file}:1")
