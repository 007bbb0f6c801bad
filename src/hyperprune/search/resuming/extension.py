"""Extending a search: the old result is kept beside the new one, and nothing is trained twice."""

import re
from pathlib import Path
from typing import Any

from hyperprune import files
from hyperprune.config.decisive import decisive
from hyperprune.search.config.extend import extended
from hyperprune.search.config.metrics_given import check_metrics
from hyperprune.search.config.search_config import SearchConfig
from hyperprune.search.results.folder import RunFolder
from hyperprune.search.results.rounds_file import NAME as ROUNDS
from hyperprune.training.stored.run_folder import CONFIG, write_config

_KEPT = ("result.json", "study.db", "study-dense.db", "report.html", CONFIG)


def prepare(folder: RunFolder, values: dict[str, Any], task: str | None = None) -> SearchConfig:
    """Put what there is aside, and give the run folder its new configuration.

    The new configuration is the last file to be written: until it stands, the folder is that of the
    old search, whose result can be had again without training.
    """
    old = folder.config()
    old.described.named_again(task, str(folder.path))
    check_metrics(old, folder.path, values)
    new = extended(old, values)
    new.bound()  # data that is gone must not cost the result
    with files.locked(folder.path):
        files.tidy(folder.path)
        old = folder.config()
        new = extended(old, values)
        if decisive(new) != decisive(old):
            _put_aside(folder.path)
            write_config(folder.path, new)
    return new


def _put_aside(path: Path) -> None:
    number = _next_number(path)
    for name in _KEPT:
        source = path / name
        if source.exists():
            files.write_bytes(path / f"{source.stem}-{number}{source.suffix}", files.read_bytes(source))
    for name in ("result.json", ROUNDS):  # the rankings stand in result-1.json too
        (path / name).unlink(missing_ok=True)


def _next_number(path: Path) -> int:
    """One more than the highest in use.

    ``config.toml`` is put aside last, and then gets the new values. If the highest is equal to it still,
    then an earlier call was interrupted in between, and its number is used again.
    """
    names = (re.fullmatch(r"config-(\d+)\.toml", entry.name) for entry in path.iterdir())
    last = max((int(match[1]) for match in names if match), default=0)
    interrupted = last > 0 and (
        files.read_bytes(path / f"config-{last}.toml") == files.read_bytes(path / CONFIG)
    )
    return last if interrupted else last + 1
