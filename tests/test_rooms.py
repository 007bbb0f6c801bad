"""Rooms stay small: folders, files and functions that a reader can take in."""

import ast
from pathlib import Path

SOURCE = Path(__file__).parents[1] / "src" / "hyperprune"
MOST_FILES = 20  # of a folder
MOST_LINES = 60  # of a function's body; a signature and a docstring say what is needed
LONGEST = 300  # lines of a file


def test_no_folder_is_crowded() -> None:
    folders = [SOURCE, *(path for path in SOURCE.rglob("*") if path.is_dir())]
    counts = {str(folder.relative_to(SOURCE)): len(list(folder.glob("*.py"))) for folder in folders}
    assert {folder: count for folder, count in counts.items() if count > MOST_FILES} == {}


def test_no_file_is_long() -> None:
    counts = {str(p.relative_to(SOURCE)): len(p.read_text().splitlines()) for p in SOURCE.rglob("*.py")}
    assert {name: count for name, count in counts.items() if count > LONGEST} == {}


def _lines(function: ast.FunctionDef) -> int:
    """Lines of a function's body, its docstring left out."""
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    return 0 if not body else (body[-1].end_lineno or 0) - body[0].lineno + 1


def test_no_function_is_long() -> None:
    found = {
        f"{path.relative_to(SOURCE)}: {node.name}": lines
        for path in SOURCE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef) and (lines := _lines(node)) > MOST_LINES
    }
    assert found == {}
