"""What ``hyperprune report`` does."""

from pathlib import Path

from hyperprune import files, reports
from hyperprune.cli.own_tasks import importable
from hyperprune.cli.terminal.screen import Screen
from hyperprune.errors import ConfigurationError
from hyperprune.search import RunFolder
from hyperprune.training.stored.run_folder import kind_of


def report(run: Path, task: str | None, *, times: bool) -> None:
    """Write the page and say where it is; networks are timed only where that was asked for."""
    path = files.place(run)
    measured = None
    if times:
        if kind_of(path) == "train":
            raise ConfigurationError(
                f"--times compares the networks of a search, and {path} is of one training: use hyperprune "
                "profile"
            )
        importable()
        measured = reports.measured_times(RunFolder(path).finished(), path, task)
    Screen().say(str(reports.write(path, measured)))
