"""The folder of one job: checkpoints, spectra, how it failed, and how long each epoch took."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from hyperprune import files
from hyperprune.errors import CheckpointError, RunFolderError
from hyperprune.lyapunov import Spectrum
from hyperprune.training.state import TrainingState
from hyperprune.training.stored import checkpoint
from hyperprune.training.stored.history import Failure, History, InitialRecord

T = TypeVar("T")

SCHEMA = 1
_INITIAL, _FAILURE, _TIMINGS = "initial.json", "failure.json", "timings.json"

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Stored:
    """What a job's folder holds, read and compared with its hashes once.

    Attributes:
        history: everything measured so far.
        document: of the last whole checkpoint; None where there is none to resume from.
    """

    history: History
    document: dict[str, Any] | None


@dataclass(frozen=True)
class JobFolder:
    """Reads and writes the files of one job; whatever it wrote last is what a resumed job starts from.

    Attributes:
        path: the folder.
    """

    path: Path

    @property
    def given(self) -> bool:
        """Whether it holds a network that was given, measured and not trained."""
        return checkpoint.path(self.path, 0).with_suffix(".json").exists()

    def stored(self, identity: str | None = None) -> Stored:
        """What the folder holds; what is damaged is reported and counts as not there.

        Args:
            identity: of the job that the folder must be of; None for whoever only looks.

        Raises:
            CheckpointError: it is of another job.
        """
        document = self._latest()
        initial, initial_owner = self._record(_INITIAL, "measured", InitialRecord.model_validate)
        failure, failure_owner = self._record(_FAILURE, "failure", Failure.model_validate)
        if identity is not None:
            last = None if document is None else checkpoint.path(self.path, document["epoch"])
            for owner, file in (
                (document and document.get("job", ""), last),
                (initial_owner, self.path / _INITIAL),
                (failure_owner, self.path / _FAILURE),
            ):
                if file is not None and owner not in (None, identity):
                    raise _of_another(file)
        if initial is not None and not self._spectrum_is(0, initial.spectrum):
            logger.warning("%s is damaged: it is measured again", self.spectrum_path(0))
            initial = None
        epochs = document["history"] if document else ()
        return Stored(History(epochs=epochs, initial=initial, failure=failure), document)

    def best_epoch(self) -> int:
        """The epoch with the lowest validation loss, whose checkpoint is kept; 0 of a network that was given.

        Raises:
            RunFolderError: nothing has been trained there.
        """
        if self.given:
            return 0
        history = self.history()
        if not history.epochs:
            raise RunFolderError(
                f"{self.path} holds no whole checkpoint: run the command that trains it first"
            )
        return history.best.epoch

    def history(self) -> History:
        """What has been measured so far, without building a network."""
        return self.stored().history

    def initial(self) -> InitialRecord | None:
        """What was measured before the first step, if its spectrum is whole."""
        record, _ = self._record(_INITIAL, "measured", InitialRecord.model_validate)
        return record if record is not None and self._spectrum_is(0, record.spectrum) else None

    def failure(self) -> Failure | None:
        """Why the job will never reach its budget."""
        return self._record(_FAILURE, "failure", Failure.model_validate)[0]

    def restore(self, state: TrainingState, stored: Stored) -> History:
        """Bring a fresh state to the last whole checkpoint; the history is empty if there is none."""
        if stored.document is not None:
            whole = checkpoint.load(checkpoint.path(self.path, stored.document["epoch"]))
            state.restore(whole.tensors, whole.document["state"])
        return stored.history.model_copy(update={"failure": None})

    def save(self, state: TrainingState, history: History, task: dict[str, Any]) -> None:
        """Write the checkpoint of the last epoch, and keep the last two and the best."""
        tensors, captured = state.capture()
        document = {
            **task,
            "state": captured,
            "history": [record.model_dump() for record in history.epochs],
        }
        checkpoint.save(self.path, checkpoint.Checkpoint(history.last.epoch, tensors, document))
        self._keep(history)

    def tidy(self, stored: Stored) -> None:
        """Delete what a kill has left, so that the files are those of an unbroken run."""
        files.tidy(self.path)
        if stored.history.epochs:
            self._keep(stored.history)

    def save_spectrum(self, epoch: int, spectrum: Spectrum) -> str:
        """Write an epoch's spectrum and give its SHA-256."""
        path = self.spectrum_path(epoch)
        spectrum.save(path)
        return files.sha256(path)

    def spectrum(self, epoch: int) -> Spectrum:
        """The spectrum measured at the end of an epoch."""
        return Spectrum.load(self.spectrum_path(epoch))

    def spectrum_path(self, epoch: int) -> Path:
        """Where an epoch's spectrum lies; that of a given network stands for every epoch."""
        epoch = 0 if self.given else epoch
        return self.path / f"spectrum-{epoch:04d}.safetensors"

    def save_initial(self, record: InitialRecord, identity: str) -> None:
        """Record what was measured before the first step."""
        self._write(_INITIAL, identity, {"measured": record.model_dump()})

    def save_failure(self, failure: Failure, identity: str) -> None:
        """Record that the job will never reach its budget."""
        files.make_folder(self.path)
        self._write(_FAILURE, identity, {"failure": failure.model_dump()})

    def note_seconds(self, epoch: int, seconds: float) -> None:
        """Record how long an epoch took, measurements and checkpoint included; it stops nothing."""
        known = self.seconds() | {f"{epoch}": round(seconds, 3)}
        try:
            files.write_json(self.path / _TIMINGS, {"schema": SCHEMA, "seconds": known})
        except OSError as error:
            logger.warning("%s cannot be written (%s): a time is not kept", self.path / _TIMINGS, error)

    def seconds(self) -> dict[str, float]:
        """Seconds of each epoch trained so far; they only inform, so nothing about them stops a run."""
        try:
            known = files.read_json(self.path / _TIMINGS)
        except (OSError, ValueError):
            return {}
        if isinstance(known, dict):
            known = known.get("seconds", known)  # bare in a file of an earlier version
        if not isinstance(known, dict):
            return {}
        return {epoch: spent for epoch, spent in known.items() if isinstance(spent, int | float)}

    def _write(self, name: str, identity: str, content: dict[str, Any]) -> None:
        files.write_json(self.path / name, files.sealed({"schema": SCHEMA, "job": identity, **content}))

    def _record(self, name: str, key: str, check: Callable[[Any], T]) -> tuple[T | None, str | None]:
        """A sealed record and the job that it is of; None where there is none, or it is damaged."""
        try:
            document = files.unsealed(files.read_json(self.path / name))
            if document.get("schema") != SCHEMA:
                raise ValueError(f"it has schema {document.get('schema')!r:.40}, this version reads {SCHEMA}")
            return check(document[key]), str(document["job"])
        except FileNotFoundError:
            return None, None
        except (OSError, ValueError, KeyError) as error:
            reason = next(iter(str(error).splitlines()), type(error).__name__)[:200]
            logger.warning("%s is damaged (%s): it is made again", self.path / name, reason)
            return None, None

    def _keep(self, history: History) -> None:
        epoch = history.last.epoch
        checkpoint.keep(self.path, {epoch - 1, epoch, history.best.epoch})

    def _latest(self) -> dict[str, Any] | None:
        """The last whole checkpoint's document, if what its history speaks of is whole too."""
        document = checkpoint.latest(self.path)
        if document is None:
            return None
        try:
            history = History(epochs=document["history"])
        except (ValueError, KeyError) as error:
            reason = str(error).splitlines()[0]
            logger.warning("%s holds no history (%s): this network is trained again", self.path, reason)
            return None
        damaged = [
            self.spectrum_path(record.epoch)
            for record in history.epochs
            if not self._spectrum_is(record.epoch, record.spectrum)
        ]
        is_newest = checkpoint.epochs(self.path)[-1] == document["epoch"]
        # going back from a damaged one, the epoch that counts may be the one that is trained next
        if history.epochs and is_newest and history.best.epoch != document["epoch"]:
            best = history.best.epoch
            damaged += [] if checkpoint.is_whole(self.path, best) else [checkpoint.path(self.path, best)]
        if damaged:
            logger.warning("%s is damaged: this network is trained again from the start", damaged[0])
            return None
        return document

    def _spectrum_is(self, epoch: int, sha256: str | None) -> bool:
        """Whether an epoch's spectrum is the one that was measured; also where none was."""
        try:
            return sha256 is None or files.sha256(self.spectrum_path(epoch)) == sha256
        except OSError:
            return False


def _of_another(file: Path) -> CheckpointError:
    return CheckpointError(
        f"{file} is of another network, recipe or variant than this run: put the run's own file back, "
        "or delete its folder to train it again"
    )
