"""metrics.csv: what every network measured after each epoch, for whoever watches a search from outside.

While a search runs, a row is added when an epoch ends. When it has ended, the file is made from the result,
so that it is the same whatever befell the search on its way.
"""

import csv
import io
import logging
from collections.abc import Iterable

from hyperprune import files
from hyperprune.search.results.folder import RunFolder
from hyperprune.search.results.result import SearchResult
from hyperprune.search.results.rows import epoch_rows
from hyperprune.tasks import Score
from hyperprune.training import Progress

logger = logging.getLogger(__name__)

NAME = "metrics.csv"
HEAD = ("network", "epoch", "train_loss", "valid_score", "ls_distance")
_LARGEST = 100_000_000  # bytes
_Row = tuple[str, ...]


class MetricsFile:
    """A listener that keeps the file of one search.

    It only informs, so it stops no search: what goes wrong is said as a warning.

    Args:
        folder: the run; what its file holds already is kept.
        score: what the task calls its number.
    """

    def __init__(self, folder: RunFolder, score: Score) -> None:
        self._path, self._score = folder.path / NAME, score
        self._rows = self._known()

    def __call__(self, event: object) -> None:
        """Add the row of an epoch that has ended."""
        if isinstance(event, Progress) and event.valid_loss is not None:
            score = self._score.shown(event.valid_loss)
            row = (event.label, str(event.epoch), repr(event.train_loss), repr(score), "")
            self._rows[event.label, event.epoch] = row
            self._write(self._rows[key] for key in sorted(self._rows, key=_order))

    def finish(self, result: SearchResult) -> None:
        """The whole file, from the result."""
        rows = []
        for row in epoch_rows(result):
            name = "dense" if row["candidate"] is None else f"candidate {row['candidate']}"
            values = (row[column] for column in HEAD[2:])
            rows.append(
                (name, str(row["epoch"]), *("" if value is None else repr(value) for value in values))
            )
        self._write(rows)

    def _known(self) -> dict[tuple[str, int], _Row]:
        """The rows of an interrupted search; a file that cannot be read is made anew."""
        if not self._path.exists():
            return {}
        try:
            _, *rows = csv.reader(files.read_text(self._path, _LARGEST).splitlines())
            return {(row[0], int(row[1])): tuple(row) for row in rows if len(row) == len(HEAD)}
        except (OSError, ValueError, csv.Error) as error:
            logger.warning("%s cannot be read (%s): it is made again", self._path, error)
            return {}

    def _write(self, rows: Iterable[_Row]) -> None:
        text = io.StringIO(newline="")
        lines = csv.writer(text, lineterminator="\n")
        lines.writerow(HEAD)
        lines.writerows(rows)
        try:
            files.write_bytes(self._path, text.getvalue().encode())
        except OSError as error:
            logger.warning("%s cannot be written (%s): the search goes without it", self._path, error)


def _order(key: tuple[str, int]) -> tuple[bool, int, str, int]:
    """The dense reference first, candidates by number, then epochs."""
    label, epoch = key
    words = label.replace(",", " ").split()
    number = int(words[1]) if len(words) > 1 and words[1].isdecimal() else 0
    return not label.startswith("dense"), number, label, epoch
