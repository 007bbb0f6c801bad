"""What is heard of a download, and the bounds it is held to: pooch tells both at each piece."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from hyperprune.errors import DownloadError

if TYPE_CHECKING:
    from requests import Response

Listener = Callable[[str, int, int | None], None]
CHUNK = 16_384  # bytes
SLOWEST = 5_000  # bytes/s, of a whole file
MIRROR = "check the network, or give a mirror with --url"


def silent(_name: str, _received: int, _total: int | None) -> None:
    """The listener that nobody hears."""


class Watched:
    """The progress bar of one file, as pooch uses one, and the hook that sees each answer of its server.

    Args:
        name: of the file upstream.
        url: where it comes from.
        size: bytes that it has, from the list of data sets.
        listener: hears the file's name, the bytes received and their total.
        timeout: seconds that the server may take to answer.

    Attributes:
        total: set by pooch.
        limit: seconds for the whole file, all attempts together.
    """

    def __init__(self, name: str, url: str, size: int, listener: Listener, timeout: float) -> None:
        self.total: int | None = None
        self.limit = 4 * timeout + size / SLOWEST
        self._name, self._url, self._size, self._listener = name, url, size, listener
        self._received = 0
        self._ends = time.monotonic() + self.limit

    def answered(self, answer: "Response", **_: Any) -> None:
        """Look at the head of an answer before its body is read.

        Raises:
            DownloadError: it is not the file, or would be unpacked here.
        """
        if answer.is_redirect:
            answer.close()  # its body is read otherwise, however long it is
            return
        if 400 <= answer.status_code < 500:
            raise DownloadError(f"{self._url} answers {answer.status_code} {answer.reason}: {MIRROR}")
        self._received = 0
        if answer.headers.get("content-encoding", "identity") != "identity":
            raise self._other("is compressed, which was not requested")
        length = answer.headers.get("content-length")
        if answer.ok and length is not None and length != f"{self._size}":
            raise self._other(f"has {length[:20]} bytes in place of {self._size:,}")
        self._listener(self._name, 0, self._size)

    def update(self, count: int) -> None:
        """Hear that up to ``count`` further bytes have come.

        Raises:
            DownloadError: they are more than the file has, or the time is up.
        """
        self._received += count
        if self._received >= self._size + CHUNK:
            raise self._other(f"continues after its {self._size:,} bytes")
        if time.monotonic() > self._ends:
            raise DownloadError(too_slow(self._url, self.limit))
        self._listener(self._name, min(self._received, self._size), self._size)

    def reset(self) -> None:
        """Hear that all has come; pooch then tells the total once more."""
        self._received = 0

    def close(self) -> None:
        """Hear the end."""

    def _other(self, how: str) -> DownloadError:
        return DownloadError(f"{self._url} is not the published file (it {how}): give a mirror with --url")


def too_slow(url: str, limit: float) -> str:
    """What to say of a server that sends too little to ever end."""
    return f"{url} did not arrive completely within {limit:,.0f} s: {MIRROR}"
