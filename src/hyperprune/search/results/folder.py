"""The folder of a search: where everything lies, and what may be done with it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from hyperprune import files
from hyperprune.config.decisive import decisive
from hyperprune.search.config.extend import extension_hint
from hyperprune.search.config.search_config import SearchConfig
from hyperprune.search.results.reading import ended, read_result
from hyperprune.search.results.result import SearchResult
from hyperprune.training import JobFolder
from hyperprune.training.stored.run_folder import CONFIG, held, read_config


@dataclass(frozen=True)
class RunFolder:
    """Paths inside a run folder, and what may be done with it.

    Attributes:
        path: the folder.
    """

    path: Path

    @property
    def dense(self) -> JobFolder:
        """The dense reference."""
        return self.dense_of(0)

    def dense_of(self, seed: int) -> JobFolder:
        """The dense reference of a candidate's training number ``seed``; one that was given serves all."""
        if JobFolder(self.path / "dense").given:
            seed = 0
        return JobFolder(_of_seed(self.path / "dense", seed))

    def candidate(self, number: int, seed: int = 0) -> JobFolder:
        """A candidate, by its number, and which of its trainings."""
        return JobFolder(_of_seed(self.path / "candidates" / f"{number}", seed))

    def control(self, name: str) -> JobFolder:
        """A network that the selected one is compared with."""
        return JobFolder(self.path / "controls" / name)

    @property
    def database(self) -> Path:
        """Optuna's study, that of the first family where there are several."""
        return self.path / "study.db"

    def study(self, family: str, families: Sequence[str]) -> Path:
        """Optuna's study of a family."""
        return self.database if family == families[0] else self.path / f"study-{family}.db"

    @contextmanager
    def held(self, config: SearchConfig) -> Iterator[None]:
        """Make the folder if need be, hold it against other processes, and check its configuration.

        Raises:
            RunFolderError: it cannot be made, is in use, is of another configuration, or holds files
                of something else.
        """
        with held(self.path, config, extension_hint):
            yield

    def config(self) -> SearchConfig:
        """The configuration of the run.

        Raises:
            RunFolderError: this is no run folder, or of a version that cannot be read.
        """
        return read_config(self.path, SearchConfig)

    def result(self) -> SearchResult | None:
        """The result, if the search has ended."""
        return read_result(self.path / "result.json", SearchResult.model_validate)

    def result_of(self, config: SearchConfig) -> SearchResult | None:
        """The result of a search with this very configuration, if it has ended; nothing is written."""
        if not (self.path / CONFIG).exists() or decisive(self.config()) != decisive(config):
            return None
        return self.result()

    def finished(self) -> SearchResult:
        """The result of a search that has ended.

        Raises:
            RunFolderError: it has not.
        """
        return ended(self.result(), self.path)

    def save_result(self, result: SearchResult) -> None:
        """Write result.json."""
        files.write_summed(self.path / "result.json", result.model_dump(mode="json"))


def _of_seed(folder: Path, seed: int) -> Path:
    return folder if seed == 0 else folder / f"seed-{seed}"
