"""Options come from the configuration's fields: what they set, what --help says of them, what they take."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from hyperprune.cli import keys, table
from hyperprune.cli.terminal import numbers
from hyperprune.search import PRESETS

COMMANDS = (["search"], ["train"], ["evaluate"], ["spectrum"], ["data", "stats"], ["data", "get"], ["cite"])


def shown(*arguments: str, columns: int = 300) -> str:
    environment = os.environ | {"COLUMNS": str(columns), "TERM": "dumb"}
    python = [sys.executable, "-m", "hyperprune", *arguments]
    return subprocess.run(python, env=environment, capture_output=True, text=True, check=True).stdout


def test_every_option_is_a_key_of_the_configuration() -> None:
    """Given as an option, each value arrives under its key and nothing else does."""
    seen: dict[str, object] = {}

    @table.configured(keys.SEARCHED)
    def command(first: int = 1, *, values: dict[str, object]) -> None:
        seen.update(values)

    command(first=2, **{keys.option_of(key): None for group in keys.SEARCHED for key in group.keys})
    assert seen == {}
    nothing = {keys.option_of(key): None for group in keys.SEARCHED for key in group.keys}
    command(**nothing | {"corpus": "ptb", "from_reference": True, "reference": Path("x.pt"), "epochs": 3})
    expected = {"corpus.source": "ptb", "reference.start": True, "reference.checkpoint": "x.pt"}
    assert seen == expected | {"recipe.epochs": 3}


def test_a_flag_that_is_not_given_says_nothing(command, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    """--from-reference without --reference would make a reference of no file."""
    assert command("search", "--init", tmp_path / "c.toml").status == 0
    assert "[reference]" not in (tmp_path / "c.toml").read_text()


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_help_loses_no_words_in_brackets(command: list[str]) -> None:
    """Rich takes words in brackets for markup: "their tables [search] and [space]" lost both."""
    text = " ".join(re.sub(r"[│╭╮╰╯─]", " ", shown(*command, "--help")).split())
    known = json.loads((Path(table.__file__).with_name("options.json")).read_text())["keys"]
    for key in _keys(command[-1]):
        assert " ".join(known[key]["help"].split()) in text, key
        assert f"--{keys.option_of(key).replace('_', '-')} " in text
    if command == ["train"]:
        assert "leaves out their tables [search] and [space]." in text


def _keys(command: str) -> list[str]:
    groups = {
        "search": keys.SEARCHED,
        "train": keys.TRAINED,
        "evaluate": keys.EVALUATED,
        "spectrum": keys.MEASURED,
        "stats": keys.COUNTED,
    }
    return [key for group in groups.get(command, ()) for key in group.keys]


def test_help_breaks_lines_at_the_width_of_the_terminal() -> None:
    """Not where the source does: a paragraph of the docstring is one."""
    lines = [line.rstrip() for line in shown("search", "--help", columns=80).splitlines()]
    start = next(n for n, line in enumerate(lines) if line.lstrip().startswith("Trains the dense"))
    assert all(len(line) > 60 for line in lines[start : start + 3])


@pytest.mark.parametrize(
    ("typed", "number"), [("67%", 0.67), ("0.67", 0.67), ("33.3 %", 0.333), ("1e-3", 1e-3), ("99.9%", 0.999)]
)
def test_67_percent_is_0_67(typed: str, number: float) -> None:
    assert numbers.number(typed) == number


def test_sparsity_as_a_percentage(command, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    assert command("search", "--sparsity", "67%", "--init", tmp_path / "percent.toml").status == 0
    assert command("search", "--sparsity", "0.67", "--init", tmp_path / "share.toml").status == 0
    one, other = (tmp_path / "percent.toml").read_text(), (tmp_path / "share.toml").read_text()
    assert one.replace("percent.toml", "share.toml") == other
    assert "sparsity = 0.67\n" in one
    assert "Invalid value for '--sparsity'" in command("search", "--sparsity", "many%").mistake
    assert "give a number such as 67% or 0.67" in command("search", "--sparsity", "many%").mistake


def test_presets_are_listed_by_help() -> None:
    text = " ".join(shown("search", "--help").replace("│", " ").split())
    assert f"One of: {', '.join(PRESETS)}." in text
