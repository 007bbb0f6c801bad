"""Tables fit the terminal, whatever its width: no number is cut."""

import io

import pytest

from hyperprune.cli.terminal.fitted import show_rows
from hyperprune.cli.terminal.screen import Screen

HEADINGS = (
    "network",
    "valid perplexity",
    "test perplexity",
    "live weights",
    "density",
    "epochs (best)",
    "wall time",
)
ROWS = [
    ("dense", "1,111.23", "1,109.11", "66,034,000", "1.000", "100 (100)", "12 h 33 min"),
    ("selected 12", "1,111.23 ± 12.21", "1,109.11 ± 11.11", "22,111,578", "0.330", "100 (77)", "12 h 33 min"),
    ("one-shot magnitude", "1,111.23", "1,109.11", "66,034,000", "1.000", "100 (100)", ""),
]


@pytest.mark.parametrize("width", [30, 40, 60, 80, 100, 200])
def test_no_number_of_a_table_is_cut(width: int) -> None:
    """At 80 columns it said ``1,111.5...``, at 40 nothing but names."""
    screen, file = Screen(), io.StringIO()
    screen.file, screen.width = file, width
    show_rows(screen, "Dense and selected", HEADINGS, ROWS, bold="selected")
    shown = file.getvalue()
    assert "…" not in shown
    for row in ROWS:
        for cell in row:
            assert all(word in shown.split() for word in cell.split()), (width, cell)
    if width >= 40:
        assert max(map(len, shown.splitlines())) <= width
    if width == 200:
        assert "one-shot magnitude" in shown


def test_a_terminal_of_80_columns_has_a_table() -> None:
    screen, file = Screen(), io.StringIO()
    screen.file, screen.width = file, 80
    show_rows(screen, "Dense and selected", HEADINGS, ROWS)
    assert any("dense" in line and "66,034,000" in line for line in file.getvalue().splitlines())


def test_time_left_is_not_shown_beside_the_end() -> None:
    """``left 0:00:00`` stood beside a bar that was full."""
    from rich.progress import Progress

    from hyperprune.cli.terminal.progress import TimeLeftColumn

    column = TimeLeftColumn()
    bars = Progress(column)
    under_way, ended = bars.add_task("a", total=2, completed=1), bars.add_task("b", total=2)
    bars.update(ended, completed=2)
    shown = {task.id: str(column.render(task)) for task in bars.tasks}
    assert shown[under_way].startswith("left ")
    assert shown[ended] == ""
