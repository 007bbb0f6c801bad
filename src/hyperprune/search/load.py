"""``hyperprune.load``: a run folder as tables and networks."""

from pathlib import Path

from hyperprune.search.loaded import SearchRun, TrainingRun
from hyperprune.training.run_folder import kind_of


def load(run: Path | str) -> SearchRun | TrainingRun:
    """Open a run folder for reading; nothing in it is changed.

    Raises:
        RunFolderError: it is no run folder.
    """
    path = Path(run).expanduser().resolve()
    return TrainingRun(path) if kind_of(path) == "train" else SearchRun(path)
