"""Opening a run folder, whatever it holds."""

from pathlib import Path

from hyperprune import files
from hyperprune.search.config.smallest import SMALLEST
from hyperprune.search.runs import SearchRun
from hyperprune.search.sizing.run import SmallestRun
from hyperprune.training.stored.run_folder import kind_of
from hyperprune.training.training_run import TrainingRun


def load(run: Path | str, task: str | None = None) -> SearchRun | SmallestRun | TrainingRun:
    """Open a run folder; nothing in it is changed.

    Args:
        run: its folder.
        task: of a run with a task of your own, its name again, where its networks are wanted: a run folder
            alone imports no code.

    Raises:
        RunFolderError: it is no run folder.
    """
    path = files.place(run)
    kind = kind_of(path)
    if kind == SMALLEST:
        return SmallestRun(path, task)
    return TrainingRun(path, task) if kind == "train" else SearchRun(path, task)
