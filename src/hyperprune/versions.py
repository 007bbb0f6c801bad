"""What decides bits beside a configuration: the versions of libraries, and which of them worked on a run."""

import logging
import platform
from importlib.metadata import version
from pathlib import Path

from hyperprune import __version__, accelerators, files

RECORD = "versions.json"
SCHEMA = 1

Versions = dict[str, str]

logger = logging.getLogger(__name__)


def versions(*further: str, device: str = "cpu") -> Versions:
    """Versions of this process: hyperprune, torch, numpy, the kind of machine, and ``further`` libraries.

    With a CUDA ``device`` also the cards, their driver, CUDA and cuDNN; none of them is opened for it.
    """
    libraries = {name: version(name) for name in ("torch", "numpy", *further)}
    here = {"hyperprune": __version__, "machine": platform.machine()}
    return libraries | here | accelerators.versions_of(device)


def record(folder: Path, here: Versions) -> None:
    """Note in ``versions.json`` of a run folder who works on it, and warn if the last one was another.

    The run continues: what is finished is kept, and what follows is as right as before. It is only no longer
    sure to be, bit for bit, what a run by one version gives.

    Args:
        folder: of a run that this process holds.
        here: the versions of this process.
    """
    path = folder / RECORD
    known = _known(path)
    if known and known[-1] == here:
        return
    if known:
        logger.warning(
            "this run was made with %s: it continues, but its last bits may differ from those of a run "
            "with one version; for the same bits, continue with the versions in %s",
            _changes(known[-1], here),
            path,
        )
    files.write_json(path, {"schema_version": SCHEMA, "worked": [*known, here]})


def _known(path: Path) -> list[Versions]:
    """In order; nothing for a folder of a version that kept no record, or where it cannot be read.

    The record only informs, so nothing about it stops a run.
    """
    try:
        known = files.read_json(path)
    except (OSError, ValueError):
        return []
    if isinstance(known, dict):  # a list of an earlier version
        known = known.get("worked")
    if not isinstance(known, list) or not all(isinstance(one, dict) for one in known):
        return []
    return [{name: str(version) for name, version in one.items()} for one in known]


def _changes(before: Versions, here: Versions) -> str:
    pairs = {name: (before.get(name), here.get(name)) for name in sorted(before.keys() | here.keys())}
    return ", ".join(
        f"{name} {old or 'unknown'} (here {new or 'unknown'})"
        for name, (old, new) in pairs.items()
        if old != new
    )
