"""The report of any run folder, whatever it holds."""

from collections.abc import Mapping
from pathlib import Path

from hyperprune import files
from hyperprune.inference.timing import Timing
from hyperprune.reports.page import write_search
from hyperprune.reports.smallest.page import write_smallest
from hyperprune.reports.training.page import write_training
from hyperprune.search import RunFolder, SmallestFolder
from hyperprune.search.config.smallest import SMALLEST
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
    kind = kind_of(path)
    if kind == "train":
        return write_training(TrainingRun(path))
    if kind == SMALLEST:
        return write_smallest(SmallestFolder(path))
    return write_search(RunFolder(path), times)
