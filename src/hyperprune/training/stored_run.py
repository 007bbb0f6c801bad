"""What a run is known by, of a search or of one training."""

from dataclasses import dataclass
from pathlib import Path
from pkgutil import resolve_name

_REPORT = "hyperprune.reports:write"  # by name: reports are made of runs, so runs cannot import them


@dataclass(frozen=True)
class StoredRun:
    """A run in its folder.

    Attributes:
        path: its folder.
        task: what a task of your own is called; networks of it need it, for a folder alone imports no code.
    """

    path: Path
    task: str | None = None

    def report(self) -> Path:
        """Write ``report.html`` and its figures; gives the page."""
        page: Path = resolve_name(_REPORT)(self)
        return page
