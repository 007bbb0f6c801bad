"""Fetching a data set into the cache: pooch keeps files and hashes, ``Download`` moves the bytes."""

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from hyperprune import files
from hyperprune.corpora.datasets import Dataset, cache_folder, dataset
from hyperprune.corpora.download import Download, Listener, not_found, silent
from hyperprune.errors import DownloadError

if TYPE_CHECKING:
    from pooch import Pooch


def fetch(name: str, url: str | None = None, listener: Listener = silent, *, timeout: float = 30.0) -> Path:
    """Fetch what is missing or damaged of a data set, and give its folder.

    What an interrupted download has left is taken up. A file whose SHA-256 is not the published one is
    not kept.

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
    with files.locked(folder, "or stop it"):
        for file in which.files:
            _fetch_one(_store(which, folder, url), which, file, Download(listener, timeout), url)
    return folder


def _store(which: Dataset, folder: Path, url: str | None) -> "Pooch":
    """Pooch's record of the files: addresses and hashes."""
    import pooch

    pooch.get_logger().setLevel(logging.WARNING)
    base = (url or which.address).rstrip("/")
    return pooch.create(
        path=folder,
        base_url=f"{base}/",
        registry={file: f"sha256:{remote.sha256}" for file, remote in which.files.items()},
        urls={file: f"{base}/{remote.name}" for file, remote in which.files.items()},
    )


def _fetch_one(store: "Pooch", which: Dataset, file: str, download: Download, url: str | None) -> None:
    try:
        try:
            store.fetch(file, downloader=download)
        except DownloadError as error:
            if url is None or which.files[file].name == file or not not_found(error):
                raise
            store.urls[file] = f"{store.base_url}{file}"  # a mirror may use our names
            store.fetch(file, downloader=download)
    except ValueError as error:
        if "hash" not in str(error):
            raise
        raise DownloadError(
            f"{store.urls[file]} is not the published file (its SHA-256 differs), so it was not kept: give "
            "the command again, or a mirror with --url"
        ) from None
