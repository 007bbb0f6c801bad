"""A job that was started, and what becomes of it: a candidate that no worker can train has failed."""

from concurrent.futures import Future
from dataclasses import dataclass

from hyperprune.errors import WorkerDiedError, out_of_memory
from hyperprune.search.rounds.side_by_side import Stop
from hyperprune.training import History, JobFolder, TrainingJob
from hyperprune.training.stored.history import Failure


@dataclass(frozen=True, eq=False)
class Begun:
    """A job that was started, or was finished before."""

    job: TrainingJob
    future: Future[History]


def history_of(begun: Begun, stop: Stop) -> History:
    """Wait for a candidate; one that no worker can train has failed, and the search goes on."""
    try:
        return begun.future.result()
    except Exception as error:
        if not (out_of_memory(error) or isinstance(error, WorkerDiedError)):
            raise
        stop.check()
        folder = JobFolder(begun.job.folder)
        known = folder.history()
        failure = Failure(epoch=len(known.epochs) + 1, reason=_reason(error))
        folder.save_failure(failure, begun.job.identity)
        return known.model_copy(update={"failure": failure})


def _reason(error: Exception) -> str:
    """Why a candidate could not be trained, in one line."""
    if isinstance(error, WorkerDiedError):
        return str(error)
    return f"there was not enough memory, twice: {' '.join(str(error).split())[:200]}"
