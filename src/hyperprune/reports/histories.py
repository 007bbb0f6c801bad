"""What a job has measured, read for a picture: quickly, and with as much as can be read."""

import logging
from collections.abc import Iterator
from pathlib import Path

from pydantic import PositiveInt, TypeAdapter

from hyperprune import files
from hyperprune.training import History, JobFolder
from hyperprune.training.stored import checkpoint as checkpoints

_SIZES = TypeAdapter(dict[str, PositiveInt])

logger = logging.getLogger(__name__)


def read_history(job: JobFolder) -> History:
    """The newest readable document of a job, and its failure.

    The tensors beside it are not read: a picture needs no proof that they are whole, and those of a large
    run take minutes to hash.
    """
    failure, initial = job.failure(), job.initial()
    for target in _documents(job):
        try:
            return History(epochs=files.read_json(target)["history"], failure=failure, initial=initial)
        except (OSError, ValueError, KeyError, TypeError) as error:
            logger.warning("%s cannot be read (%s): the report leaves it out", target, error)
    return History(failure=failure, initial=initial)


def read_sizes(job: JobFolder) -> dict[str, int]:
    """All weights of each matrix, gates apart, from the newest document that says so."""
    for target in _documents(job):
        try:
            return _SIZES.validate_python(files.read_json(target)["sizes"])
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return {}


def _documents(job: JobFolder) -> Iterator[Path]:
    for epoch in reversed(checkpoints.epochs(job.path)):
        yield checkpoints.path(job.path, epoch).with_suffix(".json")
