"""Fetching a data set into the cache: pooch downloads, tries again and compares hashes."""

import http.client
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from hyperprune import files
from hyperprune.corpora.datasets import RemoteFile, cache_folder, dataset
from hyperprune.corpora.progress import CHUNK, MIRROR, Listener, Watched, silent, too_slow
from hyperprune.errors import DownloadError

if TYPE_CHECKING:
    pass

_RETRIES = 2


def fetch(name: str, url: str | None = None, listener: Listener = silent, *, timeout: float = 30.0) -> Path:
    """Fetch what is missing or damaged of a data set, and give its folder.

    A file whose SHA-256 is not the published one is not kept.

    Args:
        name: ``ptb`` or ``wikitext-2``.
        url: a mirror: the address of a folder that holds the files under their upstream names, or as
            train.txt, valid.txt and test.txt.
        listener: hears the file's name, the bytes received and their total.
        timeout: seconds without a byte after which a server counts as silent.

    Raises:
        UnknownNameError: there is no such data set.
        DownloadError: a file cannot be fetched, or is another one.
    """
    which = dataset(name)
    folder = cache_folder() / name
    folder.mkdir(parents=True, exist_ok=True)
    base = (url or which.address).rstrip("/")
    with files.locked(folder, "or stop it"):
        files.tidy(folder)
        for file, remote in which.files.items():
            if not _is_whole(folder / file, remote):
                _fetch_one(folder / file, remote, base, listener, timeout, own_names=url is not None)
    return folder


def _is_whole(path: Path, remote: RemoteFile) -> bool:
    return path.is_file() and path.stat().st_size == remote.size and files.sha256(path) == remote.sha256


def _fetch_one(
    target: Path, remote: RemoteFile, base: str, listener: Listener, timeout: float, *, own_names: bool
) -> None:
    """Fetch one file; a mirror may have it under our name."""
    names = [remote.name, target.name] if own_names and target.name != remote.name else [remote.name]
    for name in names:
        try:
            _fetch_from(f"{base}/{name}", target, remote, listener, timeout)
            return
        except DownloadError as error:
            if name == names[-1] or " answers 404 " not in str(error):
                raise


def _fetch_from(url: str, target: Path, remote: RemoteFile, listener: Listener, timeout: float) -> None:
    watched = Watched(remote.name, url, remote.size, listener, timeout)
    with files.temporary_folder(target) as place, _explained(url, timeout):
        _within(watched.limit, url, lambda: _download(url, remote, place, watched, timeout))
        files.write_bytes(target, files.read_bytes(place / remote.name, remote.size))


def _download(url: str, remote: RemoteFile, place: Path, watched: Watched, timeout: float) -> None:
    """Let pooch fetch a file into a folder."""
    import pooch
    import requests

    requests.Request("GET", url).prepare()  # an impossible address is not worth a second try
    pooch.get_logger().setLevel(logging.WARNING)
    store = pooch.create(
        path=place,
        base_url="",
        registry={remote.name: f"sha256:{remote.sha256}"},
        urls={remote.name: url},
        retry_if_failed=_RETRIES,
    )
    downloader = pooch.HTTPDownloader(
        progressbar=watched,
        chunk_size=CHUNK,
        timeout=timeout,
        headers={"Accept-Encoding": "identity"},
        hooks={"response": watched.answered},
    )
    store.fetch(remote.name, downloader=downloader)


def _within(limit: float, url: str, work: Callable[[], None]) -> None:
    """Do some work in a thread of its own, and give it up after a time.

    No limit of ``requests`` ends a server that sends a byte now and then.
    """
    errors: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(limit)
    if thread.is_alive():
        raise DownloadError(too_slow(url, limit))
    if errors:
        raise errors[0]


@contextmanager
def _explained(url: str, timeout: float) -> Iterator[None]:
    """Turn what ``requests`` and pooch raise into what the user can do."""
    from requests import exceptions
    from urllib3.exceptions import HTTPError

    try:
        yield
    except exceptions.HTTPError as error:
        answer = error.response
        status = "an error" if answer is None else f"{answer.status_code} {answer.reason}"
        raise DownloadError(f"{url} answers {status}: {MIRROR}") from None
    except (exceptions.InvalidURL, exceptions.InvalidSchema, exceptions.MissingSchema):
        raise DownloadError(f"{url!r} is not an address: give one that begins with https://") from None
    except (exceptions.ReadTimeout, exceptions.ConnectionError) as error:
        if "Read timed out" in str(error):
            raise DownloadError(f"{url} sent nothing for {timeout:g} s: {MIRROR}") from None
        if any(words in str(error) for words in ("Connection aborted", "Connection broken")):
            raise DownloadError(f"the download of {url} was cut off: run the same command again") from None
        raise DownloadError(f"cannot reach {url}: {MIRROR}") from None
    except exceptions.ChunkedEncodingError:
        raise DownloadError(f"the download of {url} was cut off: run the same command again") from None
    except (exceptions.RequestException, HTTPError, http.client.HTTPException, ValueError) as error:
        if "does not match the known hash" in str(error):
            raise DownloadError(
                f"{url} is not the published file (its SHA-256 differs), so it was not kept: run the "
                "command again, or give a mirror with --url"
            ) from None
        raise DownloadError(f"cannot fetch {url} ({type(error).__name__}): {MIRROR}") from None
