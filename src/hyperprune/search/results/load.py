"""``hyperprune.load``: a run folder as tables and networks."""

from pathlib import Path

from hyperprune.search.results.opened_run import SearchRun, TrainingRun
from hyperprune.training.run_folder import kind_of


def load(run: Path | str, task: str | None = None) -> SearchRun | TrainingRun:
    """Open a run folder for reading; nothing in it is changed.

    Args:
        run: its folder.
        task: of a run with a task of your own, its name again, where its networks are wanted: a run folder
            alone imports no code.

    Raises:
        RunFolderError: it is no run folder.
    """
    path = Path(run).expanduser().resolve()
    return TrainingRun(path, task) if kind_of(path) == "train" else SearchRun(path, task)
