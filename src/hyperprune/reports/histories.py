"""What a job has measured, read for a picture: quickly, and with as much as can be read."""

import json
import logging

from hyperprune.training import Failure, History, JobFolder
from hyperprune.training import checkpoint as checkpoints

logger = logging.getLogger(__name__)


def read_history(job: JobFolder) -> History:
    """The newest readable document of a job, and its failure.

    The tensors beside it are not read: a picture needs no proof that they are whole, and those of a large
    run take minutes to hash.
    """
    failure, initial = _failure(job), job.initial()
    for epoch in reversed(checkpoints.epochs(job.path)):
        target = checkpoints.path(job.path, epoch).with_suffix(".json")
        try:
            return History(
                epochs=json.loads(target.read_bytes())["history"], failure=failure, initial=initial
            )
        except (OSError, ValueError, KeyError, TypeError) as error:
            logger.warning("%s cannot be read (%s): the report goes without it", target, error)
    return History(failure=failure, initial=initial)


def _failure(job: JobFolder) -> Failure | None:
    try:
        return Failure.model_validate_json((job.path / "failure.json").read_bytes())
    except FileNotFoundError:
        return None
