"""The web application: Optuna's dashboard on a copy of the run, made anew when the run has gone on."""

import copy
import logging
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication

from optuna.trial import FrozenTrial
from optuna_dashboard import wsgi

from hyperprune.reports.dashboard.pictures import Pictures
from hyperprune.reports.dashboard.study import copied
from hyperprune.reports.findings import Findings
from hyperprune.reports.gather import gather
from hyperprune.search import RunFolder
from hyperprune.search.asking.study import stored_study
from hyperprune.search.config.families import Family

logger = logging.getLogger(__name__)

_EVERY = 2.0  # seconds between two looks at a run that is under way
_SHARE = 0.1  # of the time may go into copies
_LOCAL = ("127.0.0.1", "localhost", "[::1]")


def _of_family(trial: FrozenTrial, family: Family) -> FrozenTrial:
    """A trial by its candidate's number; its choices are named apart, because they come from other values."""
    own = copy.copy(trial)
    own.number = family.first + trial.number
    params, distributions = trial.params, trial.distributions
    own.distributions = {f"{family.name} {name}": kind for name, kind in distributions.items()}
    own.params = {f"{family.name} {name}": value for name, value in params.items()}
    return own


class Window:
    """A WSGI application that answers what is asked and refuses what would change something.

    Addresses of other names than this machine's are refused too, so that no page of the web can have a
    browser ask here under a name of its own.

    Args:
        folder: the run.

    Raises:
        RunFolderError: this is no run folder.
    """

    def __init__(self, folder: RunFolder) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._seen: object = None
        self._next = 0.0
        self._app = self._copy()

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            return _refuse(start_response, "405 Method Not Allowed", "this dashboard only shows the run")
        host = str(environ.get("HTTP_HOST", "")).rsplit(":", 1)[0]
        if host not in _LOCAL:
            return _refuse(start_response, "403 Forbidden", "this dashboard answers only on its own machine")
        if environ["PATH_INFO"].startswith("/api/"):
            self._look()
        return self._app(environ, start_response)

    def _look(self) -> None:
        """Copy again if the run has gone on; a copy that fails leaves the last one."""
        with self._lock:
            if time.monotonic() < self._next or self._state() == self._seen:
                return
            try:
                self._app = self._copy()
            except Exception as error:  # a file that is being replaced this moment is whole at the next look
                logger.warning("the run cannot be read just now (%s): the dashboard stays as it is", error)
                self._next = time.monotonic() + _EVERY

    def _copy(self) -> WSGIApplication:
        began = time.monotonic()
        self._seen = self._state()
        findings = gather(self._folder)
        pictures = Pictures(findings)
        storage = copied(findings, self._trials(findings), pictures, self._seconds(findings))
        app: WSGIApplication = wsgi(storage, artifact_store=pictures)
        took = time.monotonic() - began
        self._next = time.monotonic() + max(_EVERY, took / _SHARE)
        return app

    def _trials(self, findings: Findings) -> list[FrozenTrial]:
        """The trials of all families by the numbers of their candidates, up to the first that is missing."""
        config = findings.config
        found: list[FrozenTrial] = []
        for family in config.each_family:
            if len(found) == family.first:
                trials = stored_study(self._folder.study(family.name, config.families)).trials
                found += [_of_family(trial, family) for trial in trials] if family.first else trials
        return found

    def _seconds(self, findings: Findings) -> dict[str, float]:
        """How long the first epochs of each candidate took."""
        families = findings.config.each_family
        found: dict[str, float] = {}
        for candidate in findings.distinct:
            number = int(candidate.name)
            first = next(f for f in reversed(families) if f.first <= number).pool.first_epochs
            spent = self._folder.candidate(number).seconds()
            found[candidate.name] = sum(seconds for epoch, seconds in spent.items() if int(epoch) <= first)
        return found

    def _state(self) -> object:
        """Changes whenever the run has written something that is shown."""
        path = self._folder.path
        jobs = sorted((path / "candidates").glob("*")) if (path / "candidates").is_dir() else []
        return tuple(
            _time(place) for place in (path / "result.json", path / "study.db", path / "dense", *jobs)
        )


def _time(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def _refuse(start_response: Callable[..., Any], status: str, reason: str) -> list[bytes]:
    start_response(status, [("Content-Type", "text/plain; charset=utf-8")])
    return [reason.encode()]
