"""A room imports only from rooms above it; rooms on one line don't see each other."""

import ast
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src" / "hyperprune"
LAYERS = [
    {
        "errors",
        "accelerators",
        "collector",
        "optional",
        "printable",
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
    {"optim", "lyapunov", "inference"},
    {"tasks"},
    {"training"},
    {"search"},
    {"export"},
    {"reports"},
    {"cli"},
]
LEVEL = {room: level for level, rooms in enumerate(LAYERS) for room in rooms}
SEARCH = [  # the houses of search/, in the same way; files beside them are "runs", "citations" ...
    {"space", "plans", "verdict"},
    {"metrics", "samplers"},
    {"config"},
    {"results", "asking"},
    {"rounds"},
    {"comparing", "citations", "resuming", "tensorboard"},
    {"runs"},
    {"sizing"},
    {"opening"},
]
HOUSE = {house: level for level, houses in enumerate(SEARCH) for house in houses}


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


def _modules(source: Path) -> dict[str, Path]:
    found = {}
    for path in source.rglob("*.py"):
        parts = path.relative_to(source.parent).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def _graph(source: Path) -> dict[str, set[str]]:
    """Which modules each module imports when it is imported; imports for type checkers alone left out."""
    modules = _modules(source)
    graph = {}
    for name, path in modules.items():
        tree = ast.parse(path.read_text())
        typing_only = {
            id(inner)
            for node in ast.walk(tree)
            if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)
            for inner in ast.walk(node)
        }
        needed = set()
        for node in ast.walk(tree):
            if id(node) in typing_only or not isinstance(node, ast.ImportFrom):
                continue
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                needed.add(whole if whole in modules else node.module or "")
        graph[name] = needed & set(modules) - {name}
    return graph


def cycles(graph: dict[str, set[str]]) -> list[list[str]]:
    """Groups of modules that import each other."""
    left, found = {name: set(needed) for name, needed in graph.items()}, []
    while free := {name for name, needed in left.items() if not needed & set(left)}:
        for name in free:
            del left[name]
    while left:  # each of these imports another of these: follow one until it comes round
        trail = [next(iter(left))]
        while (following := next(iter(left[trail[-1]] & set(left)), None)) not in trail:
            if following is None:
                break
            trail.append(following)
        if following is not None:
            found.append(trail[trail.index(following) :])
        del left[trail[-1]]
    return found


def test_no_imports_go_in_circles() -> None:
    assert cycles(_graph(SOURCE)) == []


def test_a_circle_is_named() -> None:
    (circle,) = cycles({"a": {"b"}, "b": {"c"}, "c": {"b"}})
    assert set(circle) == {"b", "c"}


def test_houses_of_search_import_one_way() -> None:
    wrong = []
    for name, path in _modules(SOURCE).items():
        parts = name.split(".")
        if parts[1:2] != ["search"] or len(parts) < 3:
            continue
        assert parts[2] in HOUSE, f"search/{parts[2]} has no place in SEARCH"
        for line, module in _imports(path):
            needed = module.split(".")
            inside = needed[:2] == ["hyperprune", "search"] and len(needed) > 3 and needed[2] != parts[2]
            if inside and HOUSE.get(needed[2], -1) >= HOUSE[parts[2]]:
                wrong.append(f"{path.relative_to(SOURCE)}:{line}: {parts[2]} imports {needed[2]}")
    assert wrong == []
