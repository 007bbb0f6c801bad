"""A dense reference that was given: it stands where the trained one would stand, the same at every epoch."""

import sys
from concurrent.futures import Future

from hyperprune.training import History


class GivenReference:
    """As :class:`hyperprune.search.rounds.reference.Reference`, of a network that need not be trained.

    Args:
        measured: its measurement, under way or done.
    """

    until = sys.maxsize

    def __init__(self, measured: Future[History]) -> None:
        self._measured = measured

    def at(self, epoch: int) -> History:
        """Wait until it is measured; every epoch is the same."""
        return self._measured.result()

    def check(self) -> None:
        """Raise what has stopped it, if anything has; do not wait."""
        if self._measured.done():
            self._measured.result()

    def trained(self) -> History:
        """Wait until it is measured."""
        return self._measured.result()
