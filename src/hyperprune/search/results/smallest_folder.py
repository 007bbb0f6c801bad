"""The folder of the search for the smallest network: one run folder a sparsity, and what they came to."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from hyperprune import files
from hyperprune.errors import RunFolderError
from hyperprune.search.config.smallest import SmallestConfig
from hyperprune.search.results.folder import RunFolder
from hyperprune.search.results.reading import ended, read_result
from hyperprune.search.results.smallest_result import SCHEMA, Probe, Probes, SmallestResult
from hyperprune.training.stored.run_folder import read_config

_PROBES, _RESULT = "probes.json", "result.json"


@dataclass(frozen=True)
class SmallestFolder:
    """Paths inside, and what may be done with it.

    Attributes:
        path: the folder.
    """

    path: Path

    @property
    def shared(self) -> RunFolder:
        """Where the dense reference is trained, whose files the searches share."""
        return RunFolder(self.path)

    def name_of(self, sparsity: float) -> str:
        """Of the run folder of the search at a sparsity."""
        return f"sparsity-{sparsity:g}"

    def search(self, sparsity: float) -> RunFolder:
        """The run folder of the search at a sparsity."""
        return RunFolder(self.path / self.name_of(sparsity))

    def config(self) -> SmallestConfig:
        """The configuration.

        Raises:
            RunFolderError: this is no such folder, or of a version that cannot be read.
        """
        return read_config(self.path, SmallestConfig)

    def probes(self, digest: str) -> tuple[Probe, ...]:
        """Those that were made so far; none where there are none of this configuration.

        They can be made again from what was trained, so a damaged file only costs the evaluations.
        """
        try:
            known = Probes.model_validate(files.read_summed(self.path / _PROBES))
        except (OSError, ValueError):
            return ()
        return known.probes if (known.schema_version, known.digest) == (SCHEMA, digest) else ()

    def save_probes(self, digest: str, probes: tuple[Probe, ...]) -> None:
        """Write probes.json."""
        document = Probes(digest=digest, probes=probes).model_dump(mode="json")
        files.write_summed(self.path / _PROBES, document)

    def result(self) -> SmallestResult | None:
        """The result, if all has ended.

        Raises:
            RunFolderError: it cannot be read.
        """
        path = self.path / _RESULT
        return read_result(path, partial(_of_this_version, path))

    def finished(self) -> SmallestResult:
        """The result of a search that has ended.

        Raises:
            RunFolderError: it has not.
        """
        return ended(self.result(), self.path)

    def chosen(self) -> RunFolder:
        """The run folder of the search at the sparsity that was chosen.

        Raises:
            RunFolderError: it has not ended, or no sparsity of the grid passes.
        """
        result = self.finished()
        if result.sparsity is None:
            raise RunFolderError(
                f"the search in {self.path} chose nothing, because no sparsity of its grid is within the "
                f"tolerance: give the folder of one of them, such as {self.name_of(result.grid[0])}, or "
                "search again with a larger --tolerance"
            )
        return self.search(result.sparsity)

    def save_result(self, result: SmallestResult) -> None:
        """Write result.json."""
        files.write_summed(self.path / _RESULT, result.model_dump(mode="json"))


def _of_this_version(path: Path, document: Any) -> SmallestResult:
    version = document.get("schema_version") if isinstance(document, dict) else None
    if version != SCHEMA:
        raise RunFolderError(
            f"{path} has schema_version {version!r:.40} and this hyperprune reads {SCHEMA}: use the one that "
            "wrote it"
        )
    return SmallestResult.model_validate(document)
