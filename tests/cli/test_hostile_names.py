"""Names and messages from outside: no markup, no sign that steers the terminal, no formula."""

import io
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from matplotlib.figure import Figure

from hyperprune.cli.terminal.output import print_json
from hyperprune.cli.terminal.progress import SearchProgress
from hyperprune.cli.terminal.screen import Screen, plain_table
from hyperprune.printable import printable
from hyperprune.reports import figures
from hyperprune.search import CandidateEnded, RoundBegan, configure

STEERING = "a\x1b[31mb\x9bc\u202ed\x7fe"
VARIANT = {
    "sparse_init": "er",
    "growth": "random",
    "death": "set",
    "redistribution": "none",
    "death_rate": 0.5,
}


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> Callable[[], tuple[Screen, io.StringIO]]:
    def make() -> tuple[Screen, io.StringIO]:
        screen, file = Screen(), io.StringIO()
        screen.file = file
        screen.width = 100
        return screen, file

    return make


def test_a_workers_last_line_with_markup(drawn) -> None:  # type: ignore[no-untyped-def]
    """``[/x]`` in it was a traceback in the driver, and again at every resume."""
    screen, file = drawn()
    with SearchProgress(configure("python-docs"), screen) as progress:
        progress(RoundBegan("pool [/b]", 2, 3))
        progress(CandidateEnded(0, VARIANT, None, None, f"died: [/x] [red]{STEERING}"))
        progress(CandidateEnded(1, VARIANT, 0.5, 30.0, "[/x]"))
    shown = file.getvalue()
    assert "left" not in shown  # beside the end there is no time left to tell
    assert "pool [/b]: 2 candidates to epoch 3" in shown
    assert "failed, died: [/x] [red]a?[31mb?c?d?e" in shown
    assert "death_rate" not in shown
    assert "(" + "[/x]" + ")" in shown


def test_a_table_of_names_with_markup(drawn) -> None:  # type: ignore[no-untyped-def]
    screen, file = drawn()
    table = plain_table(f"[/t] {STEERING}")
    table.add_column("[/head]")
    table.add_row(f"[/x]{STEERING}")
    screen.print(table)
    screen.say(":smile: [/b]")
    assert "[/x]a?[31mb?c?d?e" in file.getvalue()
    assert "[/t]" in file.getvalue()
    assert ":smile: [/b]" in file.getvalue()
    assert "\x1b[31mb" not in file.getvalue()


def test_signs_that_steer_a_terminal_are_question_marks() -> None:
    assert printable(STEERING) == "a?[31mb?c?d?e"
    assert printable("naïve\u00a0 λ 日本\n\tx") == "naïve\u00a0 λ 日本\n\tx"
    assert printable("\udc80") == "?"


def test_a_run_folder_whose_name_is_markup(command, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    """After a training of hours, ``--out 'x[/b]'`` was a traceback."""
    sizes = ["--hidden", 6, "--embedding", 5, "--max-train-tokens", 1500, "--max-vocabulary", 60]
    out = tmp_path / f"x[/b] $1 {STEERING}"
    given = ["search", *sizes, "--epochs", 2, "--first-epochs", 1, "--round-epochs", 1, "--candidates", 2]
    shown = command(*given, "--out", out)
    assert shown.status == 0, shown.err
    assert "x[/b] $1 a?[31mb?c?d?e/report.html" in shown.out.replace("\n", "")
    assert "\x1b[31mb" not in shown.out + shown.err
    plot = tmp_path / "plot.png"
    compared = command("compare", out, tmp_path / f"x[/b] $1 {STEERING}", "--plot", plot)
    assert compared.status == 0, compared.err
    assert "b] $1" in compared.out.replace("\n", " ")
    assert "\x1b[31mb" not in compared.out
    assert plot.exists()
    config = tmp_path / "[b] :x: .toml"
    assert f"Wrote {config}" in command("search", "--init", config).out.replace("\n", "")


def test_json_that_cannot_be_shown_is_escaped(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"name": STEERING + "\udc80"})
    shown = capsys.readouterr().out
    assert printable(shown) == shown
    assert __import__("json").loads(shown) == {"name": STEERING + "\udc80"}


@pytest.mark.parametrize("name", ["cost in $", "$a_{", r"$\frac$", "a $b$ c"])
def test_names_with_dollars_in_figures(name: str) -> None:
    """A name such as ``$\\frac$`` was a traceback of matplotlib's, ``a $b$ c`` a formula."""
    page = Figure()
    axes = page.add_subplot()
    axes.plot([1, 2], label=name)
    axes.set_title(name)
    axes.set_yscale("log")
    axes.set_xticks([0, 1], [name, "b"])
    axes.legend()
    axes.annotate(name, (0, 1))
    figures.literally(page)
    buffer = io.StringIO()
    from matplotlib import rc_context

    with rc_context({"svg.fonttype": "none"}):
        page.savefig(buffer, format="svg")
    assert buffer.getvalue().count(f">{name.replace('&', '&amp;')}<") == 4
    assert ">$\\mathdefault" not in buffer.getvalue()  # the powers of ten are formulas still


LIKE_A_SHELL = [sys.executable, "-m", "hyperprune"]


@pytest.mark.parametrize("variables", [{"PYTHONIOENCODING": "ascii"}, {"COLUMNS": "40"}])
def test_a_finished_search_is_shown_wherever_it_is_looked_at(
    tmp_path: Path, variables: dict[str, str]
) -> None:
    """An output without the signs of a table ended the search in a UnicodeEncodeError."""
    text = tmp_path / "naïve λ.txt"
    text.write_text("so it goes . and so it went on λ\n" * 300)
    out = tmp_path / "läuft"
    given = ["search", "--corpus", str(text), "--out", str(out), "--hidden", "6", "--embedding", "5"]
    given += ["--epochs", "2", "--first-epochs", "1", "--round-epochs", "1", "--candidates", "2"]
    environment = os.environ | variables
    done = subprocess.run([*LIKE_A_SHELL, *given], env=environment, capture_output=True, check=False)
    assert done.returncode in (0, 1), done.stderr  # 1: so small a network learns nothing
    assert b"Traceback" not in done.stderr
    assert b"Report:" in done.stdout
    again = subprocess.run(
        [*LIKE_A_SHELL, "search", "--out", str(out), "--json"],
        env=environment,
        capture_output=True,
        check=False,
    )
    assert __import__("json").loads(again.stdout) == __import__("json").loads(
        (out / "result.json").read_bytes()
    )


def test_a_name_that_no_file_can_say(command, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    """Of bytes that are no UTF-8, as a shell may give them: config.toml was a UnicodeEncodeError."""
    line = command("search", "--corpus", os.fsdecode(b"caf\xe9.txt"), "--out", tmp_path / "run").mistake
    assert "corpus.source" in line
    assert "is not UTF-8, and config.toml could not say it: rename it" in line


def test_closed_streams(tmp_path: Path) -> None:
    """The number of a closed output went to the next file that was opened, and the words into that."""
    python = f"{sys.executable} -m hyperprune"
    for end, status in ((">&-", 0), ("2>&-", 0), ("<&- >&- 2>&-", 0)):
        done = subprocess.run(
            ["bash", "-c", f"{python} data stats python-docs {end}"], capture_output=True, check=False
        )
        assert done.returncode == status, (end, done.stderr)
        assert b"Traceback" not in done.stderr
        assert b"Exception ignored" not in done.stderr
    done = subprocess.run(
        ["bash", "-c", f"{python} data stats nowhere 2>&-"], capture_output=True, check=False
    )
    assert done.returncode == 2
    if Path("/dev/full").exists():
        done = subprocess.run(
            ["bash", "-c", f"{python} data stats python-docs > /dev/full"], capture_output=True, check=False
        )
        assert done.returncode == 2
        (line,) = done.stderr.decode().splitlines()
        assert line.startswith("error: No space left on device")


_PRESS = """
import os, signal, sys
class Press:  # Ctrl-C in the middle of an import
    def find_spec(self, name, path=None, target=None):
        if name == {name!r}:
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Press())
from hyperprune.cli import main
sys.argv = ["hyperprune", "search"]
main()
"""


@pytest.mark.parametrize(
    "name", ["logging", "typer", "hyperprune.cli.search", "rich.console", "torch", "optuna"]
)
def test_ctrl_c_while_something_is_imported(name: str, tmp_path: Path) -> None:
    """In 8 of 20 searches the first seconds answered with Python's own traceback."""
    command = [sys.executable, "-c", _PRESS.format(name=name)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 130, done.stderr
    assert done.stderr.splitlines() == [done.stderr.strip()]
    assert done.stderr.startswith("interrupted; what was finished is kept")


def test_the_entry_point_imports_next_to_nothing() -> None:
    """Until main has begun, Ctrl-C is answered by Python itself; so nothing that takes time comes before."""
    code = (
        "import sys; from hyperprune.cli import main; print(sorted(n for n in sys.modules if '.' not in n))"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    for name in ("typer", "rich", "logging", "json", "importlib.metadata", "pydantic"):
        assert f"'{name}'" not in shown


@pytest.mark.parametrize("name", ["~nouser/x", "loop", "loop/x"])
@pytest.mark.parametrize(
    "asked",
    [
        ["data", "stats", "{}"],
        ["search", "--corpus", "{}", "--out", "run"],
        ["search", "--config", "{}"],
        ["search", "--out", "{}"],
        ["train", "--reference", "{}", "--out", "run"],
        ["evaluate", "{}"],
        ["spectrum", "{}"],
        ["report", "{}"],
        ["compare", "{}"],
    ],
)
def test_nobodys_home_and_links_in_a_loop_are_one_line(  # type: ignore[no-untyped-def]
    command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, asked: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "loop").symlink_to("loop")
    assert command(*(part.format(name) for part in asked)).mistake
