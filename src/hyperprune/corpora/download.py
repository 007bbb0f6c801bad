"""One file over HTTP: resumed where it was cut off, and an error that says what to do where it cannot be."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hyperprune.errors import DownloadError

if TYPE_CHECKING:
    from requests import Response

Listener = Callable[[str, int, int | None], None]
_CHUNK = 4096  # what has come of a chunk when a connection ends is lost
_IDLE_ATTEMPTS = 3  # those that bring the download no further
_PAUSE = 0.5  # seconds before the next attempt after the first of them, and longer after each
_MIRROR = "check the network, or give a mirror with --url"


def silent(_name: str, _received: int, _total: int | None) -> None:
    """The listener that nobody hears."""


class Download:
    """What pooch calls to fetch a file; called with an address and the path to write.

    Args:
        listener: hears the file's name, the bytes received and their total, if the server says it.
        timeout: seconds without a byte after which the server counts as silent.
    """

    def __init__(self, listener: Listener = silent, timeout: float = 30.0) -> None:
        self._listener, self._timeout = listener, timeout

    def __call__(self, url: str, output_file: str, store: Any, check_only: bool = False) -> None:
        """Fetch ``url``. A part of it stays beside the final place, so that the next call goes on.

        Raises:
            DownloadError: it cannot be fetched.
        """
        target = Path(output_file)
        part = target.with_name(f"{url.rsplit('/', 1)[-1]}.part")
        idle = 0
        while True:
            before = _size(part)
            try:
                self._receive(url, part)
                break
            except _CutOffError as error:
                idle = 0 if _size(part) > before else idle + 1
                if idle == _IDLE_ATTEMPTS:
                    raise DownloadError(str(error)) from None
                time.sleep(_PAUSE * idle)
        os.replace(part, target)

    def _receive(self, url: str, part: Path) -> None:
        import requests

        have = _size(part)
        headers = {"Accept-Encoding": "identity"}  # sizes and ranges are of the file's own bytes
        if have:
            headers["Range"] = f"bytes={have}-"
        options: dict[str, Any] = {"headers": headers, "stream": True, "timeout": self._timeout}
        with _explained(url, part, self._timeout), requests.get(url, **options) as answer:
            if answer.status_code == 416:  # what we have is not the beginning of what is there
                part.unlink(missing_ok=True)
                raise _CutOffError(f"{url} has another size than before: give the command again")
            answer.raise_for_status()
            resumed = answer.status_code == 206 and _starts_at(answer, have)
            self._write(answer, part, have if resumed else 0)

    def _write(self, answer: "Response", part: Path, have: int) -> None:
        length = answer.headers.get("content-length", "")
        total = have + int(length) if length.isdecimal() else None
        with part.open("ab" if have else "wb") as stream:
            self._listener(part.stem, have, total)
            for chunk in answer.iter_content(_CHUNK):
                stream.write(chunk)
                have += len(chunk)
                self._listener(part.stem, have, total)


class _CutOffError(Exception):
    """The connection ended early; a further attempt can go on."""


def not_found(error: DownloadError) -> bool:
    """Whether the server said that there is no such file."""
    return " answers 404 " in str(error)


def _size(part: Path) -> int:
    return part.stat().st_size if part.exists() else 0


def _starts_at(answer: "Response", have: int) -> bool:
    return answer.headers.get("content-range", "").startswith(f"bytes {have}-")


@contextmanager
def _explained(url: str, part: Path, timeout: float) -> Iterator[None]:
    """Turn what ``requests`` raises into what the user can do."""
    from requests import exceptions

    try:
        yield
    except exceptions.HTTPError as error:
        answer = error.response
        status = "an error" if answer is None else f"{answer.status_code} {answer.reason}"
        raise DownloadError(f"{url} answers {status}: {_MIRROR}") from None
    except (exceptions.InvalidURL, exceptions.InvalidSchema, exceptions.MissingSchema):
        raise DownloadError(f"{url!r} is no address: give one that begins with https://") from None
    except exceptions.ConnectionError as error:
        if "Read timed out" in str(error):
            raise DownloadError(_silence(url, timeout)) from None
        if any(words in str(error) for words in ("Connection aborted", "Connection broken")):
            raise _CutOffError(_cut(url, part)) from None
        raise DownloadError(f"cannot reach {url}: {_MIRROR}") from None
    except exceptions.ReadTimeout:
        raise DownloadError(_silence(url, timeout)) from None
    except exceptions.ChunkedEncodingError:
        raise _CutOffError(_cut(url, part)) from None
    except exceptions.RequestException as error:
        raise DownloadError(f"cannot fetch {url} ({type(error).__name__}): {_MIRROR}") from None


def _silence(url: str, timeout: float) -> str:
    return (
        f"{url} sent nothing for {timeout:g} s: give the same command again to go on from there, or a "
        "mirror with --url"
    )


def _cut(url: str, part: Path) -> str:
    return (
        f"the download of {url} was cut off after {_size(part):,} bytes: give the same command again to "
        "go on from there"
    )
