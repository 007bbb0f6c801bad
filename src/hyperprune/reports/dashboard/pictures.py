"""The figures of a dashboard, drawn when somebody looks at them and kept in memory."""

import io
import threading
from typing import BinaryIO

from optuna.artifacts import ArtifactMeta
from optuna.artifacts.exceptions import ArtifactNotFound

from hyperprune.reports.figures import applied, literally, spectra_by_epoch
from hyperprune.reports.findings import DENSE, Findings

_KEPT = 400  # PNG files of some 60 kB


class Pictures:
    """An artifact store of Optuna's kind, to be read only: a picture of each network's spectra.

    Args:
        findings: the run.
    """

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._drawn: dict[str, bytes] = {}
        self._lock = threading.Lock()  # matplotlib's settings, which drawing changes, belong to the process

    def meta(self, name: str) -> ArtifactMeta | None:
        """The entry of a network's picture; none while it or the dense network has no spectrum."""
        epochs = self._findings.compared(name)
        if not epochs:
            return None
        file = f"spectrum-{name}-epoch-{max(epochs)}.png"
        return ArtifactMeta(_identifier(name, max(epochs)), file, "image/png", None)

    def open_reader(self, artifact_id: str) -> BinaryIO:
        """The PNG of an artifact.

        Raises:
            ArtifactNotFound: there is none of that number.
        """
        with self._lock:
            if artifact_id not in self._drawn:
                if len(self._drawn) >= _KEPT:
                    self._drawn.clear()
                self._drawn[artifact_id] = self._draw(artifact_id)
            return io.BytesIO(self._drawn[artifact_id])

    def write(self, artifact_id: str, content_body: BinaryIO) -> None:
        """Refused: this is a window."""
        raise PermissionError("the dashboard shows a run and changes nothing")

    def remove(self, artifact_id: str) -> None:
        """Refused: this is a window."""
        raise PermissionError("the dashboard shows a run and changes nothing")

    def _draw(self, artifact_id: str) -> bytes:
        for name in self._findings.networks:
            meta = self.meta(name)
            if meta is not None and meta.artifact_id == artifact_id:
                buffer = io.BytesIO()
                with applied():
                    page = spectra_by_epoch(self._findings, name=name)
                    if page is not None:
                        literally(page).savefig(buffer, format="png", dpi=110)
                return buffer.getvalue()
        raise ArtifactNotFound(f"no picture {artifact_id}")


def _identifier(name: str, epoch: int) -> str:
    """Hexadecimal, as the dashboard's addresses want it; another after each epoch, so that none is stale."""
    return f"{0 if name == DENSE else int(name) + 1:08x}-{epoch:08x}"
