"""The report of any run folder, of a search or of a training."""

from collections.abc import Mapping
from pathlib import Path

from hyperprune import files
from hyperprune.inference.timing import Timing
from hyperprune.reports.page import write_search
from hyperprune.reports.training.page import write_training
from hyperprune.search import RunFolder
from hyperprune.training import TrainingRun
from hyperprune.training.stored.run_folder import kind_of
from hyperprune.training.stored_run import StoredRun


def write(run: RunFolder | StoredRun | Path | str, times: Mapping[str, Timing] | None = None) -> Path:
    """Write report.html and figures/*.png into a run folder, and give the page's path.

    Of a run that has not ended, the page shows what there is so far.

    Args:
        run: a search or a training, or the folder of one.
        times: of the networks of a search on this machine, as :func:`hyperprune.reports.measured_times` gives
            them.

    Raises:
        RunFolderError: this is no run folder, or of a version that cannot be read.
    """
    path = run.path if isinstance(run, RunFolder | StoredRun) else files.place(run)
    if kind_of(path) == "train":
        return write_training(TrainingRun(path))
    return write_search(RunFolder(path), times)
