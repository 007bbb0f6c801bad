"""What ``hyperprune compare`` does."""

from collections.abc import Sequence
from pathlib import Path

from hyperprune import files, search
from hyperprune.cli.terminal.fitted import show_rows
from hyperprune.cli.terminal.output import print_json
from hyperprune.cli.terminal.screen import Screen
from hyperprune.reports import comparing

_WIDTH = 100


def compare(runs: Sequence[Path], plot: Path | None, *, as_json: bool) -> None:
    """Compare, then show it in every form that was asked for."""
    if plot is not None:
        comparing.check_new(files.expanded(plot))
    compared = search.compare(runs)
    if plot is not None:
        comparing.draw(compared, files.expanded(plot))
    if as_json:
        print_json(compared.model_dump(mode="json"))
        return
    screen = Screen()
    if not screen.is_terminal:
        screen.width = max(screen.width, _WIDTH)  # a file or a pipe has room
    rows = comparing.run_rows(compared)
    show_rows(screen, "Runs", comparing.run_headings(compared), rows, words=4)
    if compared.early:
        title = "How early metrics rank the final scores, with 95 % intervals over candidates"
        show_rows(screen, title, comparing.EARLY_HEADINGS, comparing.early_rows(compared), words=2)
    for line in comparing.sentences(compared):
        screen.say(line)
    if plot is not None:
        screen.say(f"Plot: {plot}")
