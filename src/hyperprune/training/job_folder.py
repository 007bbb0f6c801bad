"""The folder of one job: checkpoints, spectra, how it failed, and how long each epoch took."""

import json
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hyperprune import files
from hyperprune.errors import CheckpointError, RunFolderError
from hyperprune.lyapunov import Spectrum
from hyperprune.training import checkpoint
from hyperprune.training.history import Failure, History, InitialRecord
from hyperprune.training.state import TrainingState

_INITIAL = "initial.json"
logger = logging.getLogger(__name__)


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

    def history(self) -> History:
        """What has been measured so far, without building a network."""
        document = self._latest()
        history = History(epochs=document["history"] if document else (), initial=self.initial())
        failure = self.path / "failure.json"
        if failure.exists():
            record = Failure.model_validate_json(failure.read_bytes())
            return history.model_copy(update={"failure": record})
        return history

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
                f"{self.path} holds no whole checkpoint: give the command that trains it first"
            )
        return history.best.epoch

    def check_owner(self, identity: str) -> None:
        """Refuse a folder whose last whole checkpoint is of another job.

        Raises:
            CheckpointError: it is.
        """
        document, initial = self._latest(), self._initial_document()
        found = None
        if document is not None and document.get("job") != identity:
            found = checkpoint.path(self.path, document["epoch"])
        elif initial is not None and initial.get("job") != identity:
            found = self.path / _INITIAL
        if found is not None:
            raise CheckpointError(
                f"{found} is of another network, recipe or variant "
                "than this run: put the run's own checkpoint back, or delete its folder to train anew"
            )

    def restore(self, state: TrainingState) -> History:
        """Bring a fresh state to the last whole checkpoint; the history is empty if there is none."""
        document = self._latest()
        if document is None:
            return History(initial=self.initial())
        whole = checkpoint.load(checkpoint.path(self.path, document["epoch"]))
        state.restore(whole.tensors, whole.document["state"])
        return History(epochs=document["history"], initial=self.initial())

    def save(self, state: TrainingState, history: History, task: dict[str, Any]) -> None:
        """Write the checkpoint of the last epoch, and keep the last two and the best."""
        tensors, captured = state.capture()
        document = {
            **task,
            "state": captured,
            "history": [record.model_dump() for record in history.epochs],
        }
        epoch = history.last.epoch
        checkpoint.save(self.path, checkpoint.Checkpoint(epoch, tensors, document))
        checkpoint.keep(self.path, {epoch - 1, epoch, history.best.epoch})

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
        files.write_json(self.path / _INITIAL, {"job": identity, "measured": record.model_dump()})

    def save_failure(self, failure: Failure) -> None:
        """Record that the job will never reach its budget."""
        files.make_folder(self.path)
        files.write_json(self.path / "failure.json", failure.model_dump())

    def note_seconds(self, epoch: int, seconds: float) -> None:
        """Record how long an epoch took, measurements and checkpoint included."""
        files.write_json(self.path / "timings.json", self.seconds() | {f"{epoch}": round(seconds, 3)})

    def seconds(self) -> dict[str, float]:
        """Seconds of each epoch trained so far."""
        try:
            known: dict[str, float] = json.loads((self.path / "timings.json").read_bytes())
        except (FileNotFoundError, ValueError):
            return {}
        return known

    def initial(self) -> InitialRecord | None:
        """What was measured before the first step, if its spectrum is whole."""
        document = self._initial_document()
        if document is None:
            return None
        record = InitialRecord.model_validate(document["measured"])
        path = self.spectrum_path(0)
        whole = record.spectrum is None or (path.exists() and files.sha256(path) == record.spectrum)
        return record if whole else None

    def _initial_document(self) -> dict[str, Any] | None:
        try:
            document: dict[str, Any] = json.loads((self.path / _INITIAL).read_bytes())
        except FileNotFoundError:
            return None
        return document

    def _latest(self) -> dict[str, Any] | None:
        """The last whole checkpoint's document, if every spectrum of its history is whole too."""
        document = checkpoint.latest(self.path)
        if document is None:
            return None
        for record in History(epochs=document["history"]).epochs:
            path = self.spectrum_path(record.epoch)
            if record.spectrum and not (path.exists() and files.sha256(path) == record.spectrum):
                logger.warning("%s is damaged: this network is trained again from the start", path)
                return None
        return document
