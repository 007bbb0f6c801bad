"""The folder of a run: one configuration, one process at a time, and where everything lies."""

import os
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomli_w
from pydantic import ValidationError

from hyperprune import files
from hyperprune.errors import RunFolderError
from hyperprune.search.config import SearchConfig
from hyperprune.search.result import SearchResult
from hyperprune.training import JobFolder


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
        return JobFolder(self.path / "dense")

    def candidate(self, number: int) -> JobFolder:
        """A candidate, by its number."""
        return JobFolder(self.path / "candidates" / f"{number}")

    @property
    def database(self) -> Path:
        """Optuna's study."""
        return self.path / "study.db"

    @contextmanager
    def held(self, config: SearchConfig) -> Iterator[None]:
        """Make the folder if need be, hold it against other processes, and check its configuration.

        Raises:
            RunFolderError: it cannot be made, is in use, is of another configuration, or holds files
                of something else.
        """
        self._make()
        with files.locked(self.path):
            self._settle(config)
            yield

    def config(self) -> SearchConfig:
        """The configuration of the run.

        Raises:
            RunFolderError: this is no run folder, or of a version that cannot be read.
        """
        path = self.path / "config.toml"
        try:
            return SearchConfig.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
        except (FileNotFoundError, NotADirectoryError):
            raise RunFolderError(
                f"{self.path} is no run folder (it has no config.toml): give the --out of a search"
            ) from None
        except (tomllib.TOMLDecodeError, ValidationError, UnicodeDecodeError) as error:
            raise RunFolderError(f"{path} cannot be read: {str(error).splitlines()[0]}") from None

    def result(self) -> SearchResult | None:
        """The result, if the search has ended."""
        path = self.path / "result.json"
        if not path.exists():
            return None
        try:
            return SearchResult.model_validate_json(path.read_bytes())
        except ValidationError as error:
            raise RunFolderError(f"{path} cannot be read: {str(error).splitlines()[0]}") from None

    def save_result(self, result: SearchResult) -> None:
        """Write result.json."""
        files.write_json(self.path / "result.json", result.model_dump(mode="json"))

    def _make(self) -> None:
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError):
            raise RunFolderError(
                f"{self.path} cannot be a run folder: a file of that name is in the way; give another --out"
            ) from None
        except OSError as error:
            raise RunFolderError(f"cannot make {self.path}: {error.strerror}; give another --out") from None
        foreign = sorted(set(os.listdir(self.path)) - {".lock"})
        if foreign and not (self.path / "config.toml").exists():
            raise RunFolderError(
                f"{self.path} holds files but no run (such as {foreign[0]}): give an empty or a new folder"
            )

    def _settle(self, config: SearchConfig) -> None:
        path = self.path / "config.toml"
        if not path.exists():
            text = tomli_w.dumps(_without_none(config.model_dump(mode="json")))
            files.write_bytes(path, text.encode())
            return
        differing = _differences(self.config().model_dump(), config.model_dump())
        if differing:
            name, old, new = differing[0]
            raise RunFolderError(
                f"{self.path} holds a run of another configuration ({name} is {old!r} there, {new!r} here): "
                "give another --out, or the same configuration to resume"
            )


def _without_none(value: Any) -> Any:
    """TOML has no null; a missing key means none."""
    if isinstance(value, dict):
        return {key: _without_none(item) for key, item in value.items() if item is not None}
    return value


def _differences(old: Any, new: Any, name: str = "") -> list[tuple[str, Any, Any]]:
    if isinstance(old, dict) and isinstance(new, dict):
        return [
            found
            for key in sorted(set(old) | set(new))
            for found in _differences(old.get(key), new.get(key), f"{name}.{key}".lstrip("."))
        ]
    return [] if old == new else [(name, old, new)]
