"""study.db: Optuna's study in SQLite, which holds finished trials only."""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import optuna
from optuna.distributions import BaseDistribution
from optuna.storages import RDBStorage
from optuna.trial import FrozenTrial, TrialState, create_trial
from sqlalchemy import URL
from sqlalchemy.exc import DatabaseError

from hyperprune import files
from hyperprune.errors import RunFolderError
from hyperprune.search.asking.database_files import check_beside, make_own

SCHEMA = 1  # of what trials hold; a study without a version is of the first
_NAME = "hyperprune"
_SEAL = "sha256"  # among the attributes of a trial
_Told = tuple[dict[str, Any], dict[str, BaseDistribution], float | None, dict[str, Any]]


class Study:
    """The stored study.

    Args:
        path: the SQLite file; made if it does not exist.
        attributes: JSON values that a new study is given.

    Raises:
        RunFolderError: the file is no study, or cannot be written.
    """

    def __init__(self, path: Path, attributes: dict[str, Any]) -> None:
        self._path = path
        with _explained(path):
            if not path.exists():
                self._make(attributes)
            make_own(path)
            self._storage = RDBStorage(_address(path))
            self._study = optuna.load_study(storage=self._storage, study_name=_NAME)
            version = self._study.user_attrs.get("schema_version", 1)
            if version != SCHEMA:
                raise RunFolderError(
                    f"{path} has schema version {version!r:.40}, this hyperprune reads {SCHEMA}: use the one "
                    "that wrote it"
                )
            for name, value in attributes.items():  # of a version that a kill between two of them could part
                if name not in self._study.user_attrs:
                    self._study.set_user_attr(name, value)

    def _make(self, attributes: dict[str, Any]) -> None:
        """An empty study with its attributes, whole or not there."""
        with files.temporary_folder(self._path) as folder:
            part = folder / self._path.name
            storage = RDBStorage(_address(part))
            study = optuna.create_study(storage=storage, study_name=_NAME, direction="minimize")
            for name, value in attributes.items():
                study.set_user_attr(name, value)
            storage.remove_session()
            storage.engine.dispose()
            os.replace(part, self._path)

    @property
    def attributes(self) -> dict[str, Any]:
        """What the study was given."""
        with _explained(self._path):
            return self._study.user_attrs

    def trials(self) -> list[FrozenTrial]:
        """Finished trials in order.

        Raises:
            RunFolderError: one is not what was stored.
        """
        with _explained(self._path):
            return _unsealed(self._study.get_trials(deepcopy=False))

    def add(
        self,
        params: dict[str, Any],
        distributions: dict[str, BaseDistribution],
        value: float | None,
        attributes: dict[str, Any],
    ) -> None:
        """Store a trial: complete with its value, or failed if there is none."""
        trial = create_trial(
            state=TrialState.FAIL if value is None else TrialState.COMPLETE,
            value=value,
            params=params,
            distributions=distributions,
            user_attrs={**attributes, _SEAL: _seal(params, value, attributes)},
        )
        with _explained(self._path):
            self._study.add_trial(trial)

    def note(self, name: str, value: Any) -> None:
        """Keep a JSON value with the study."""
        with _explained(self._path):
            if self._study.user_attrs.get(name) != value:
                self._study.set_user_attr(name, value)

    def replaced(self, attributes: dict[str, Any], told: Iterable[_Told]) -> "Study":
        """A study with these trials in this one's place; a reader of the file sees the old one or the new."""
        with files.temporary_folder(self._path) as folder:
            new = Study(folder / self._path.name, attributes)
            for params, distributions, value, notes in told:
                new.add(params, distributions, value, notes)
            new._close()
            self._close()
            os.replace(folder / self._path.name, self._path)
        return Study(self._path, attributes)

    def _close(self) -> None:
        self._storage.remove_session()
        self._storage.engine.dispose()


@dataclass(frozen=True)
class StoredStudy:
    """A study read from its file.

    Attributes:
        attributes: JSON values that it was given.
        trials: finished trials in order.
    """

    attributes: dict[str, Any]
    trials: list[FrozenTrial]


def stored_study(path: Path) -> StoredStudy:
    """A study's file, opened for reading alone; an empty study where there is no file yet.

    Raises:
        RunFolderError: the file is no study.
    """
    if not path.exists():
        return StoredStudy({}, [])
    check_beside(path)
    with _explained(path):
        storage = RDBStorage(
            _address(path, mode="ro"), skip_compatibility_check=True, skip_table_creation=True
        )
        try:
            study = optuna.load_study(study_name=_NAME, storage=storage)
            return StoredStudy(study.user_attrs, _unsealed(study.get_trials(deepcopy=False)))
        except KeyError:  # the search has only just made the file
            return StoredStudy({}, [])
        finally:
            storage.remove_session()
            storage.engine.dispose()


def _address(path: Path, **options: str) -> str:
    """A file for SQLAlchemy, whatever signs its name has: ``?``, ``%`` and ``#`` mean something in a URL.

    SQLite takes the name as a URI, and SQLAlchemy writes that as its own version reads it.
    """
    url = URL.create("sqlite", database=f"file:{quote(str(path))}", query={**options, "uri": "true"})
    return url.render_as_string()


def _seal(params: dict[str, Any], value: float | None, attributes: dict[str, Any]) -> str:
    return files.digest({"params": params, "value": value, "attributes": attributes})


def _unsealed(trials: list[FrozenTrial]) -> list[FrozenTrial]:
    """Trials whose hashes are right; one of a version that had none is taken as it is."""
    for trial in trials:
        attributes = {name: value for name, value in trial.user_attrs.items() if name != _SEAL}
        found = trial.user_attrs.get(_SEAL)
        if found is not None and found != _seal(trial.params, trial.value, attributes):
            raise ValueError(f"trial {trial.number} differs from the one that was stored")
    return trials


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Turn a database's errors into what the user can do."""
    try:
        yield
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        # Optuna reads JSON from the file, and takes it to be its own
        raise RunFolderError(
            f"{path} is damaged ({(str(error).splitlines() or [''])[0][:200]}): delete it and run the "
            "same command again, which rebuilds it from the networks that are trained"
        ) from None
    except (DatabaseError, optuna.exceptions.StorageInternalError, RuntimeError) as error:
        cause = error
        while cause.__cause__ is not None:
            cause = cause.__cause__  # type: ignore[assignment]
        reason = str(getattr(cause, "orig", None) or cause).splitlines()[0]
        if "database is locked" in reason:
            raise RunFolderError(
                f"{path.parent} is in use by another process, which writes to {path.name}: wait for it, or "
                "end it, and run the same command again"
            ) from None
        raise RunFolderError(
            f"{path} cannot be used ({reason}): make room on its disk or restore it, and run the same "
            "command again; what was finished is kept"
        ) from None
