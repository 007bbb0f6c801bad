"""Checkpoints on disk: one safetensors file and one JSON document an epoch, both whole or not there.

The safetensors file is written first, the document, which holds its SHA-256 and one of itself, after
it. So an epoch counts as saved exactly when its document stands. Nothing read here can run code.
"""

import hashlib
import logging
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import safetensors.torch
from safetensors import SafetensorError
from torch import Tensor

from hyperprune import files
from hyperprune.errors import CheckpointError

SCHEMA = 1
_REMEDY = "give another, or run the command of its run again"
_NAME = re.compile(r"epoch-(\d{4,})\.json")

logger = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """A checkpoint in memory.

    Attributes:
        epoch: epochs trained.
        tensors: named as DESIGN says: ``model.*``, ``average.*``, ``mask.*``, ``optim.*``, ``rng.*``.
        document: everything else, as JSON holds it.
    """

    epoch: int
    tensors: dict[str, Tensor]
    document: dict[str, Any]


def path(folder: Path, epoch: int) -> Path:
    """The safetensors file of an epoch; its document has the suffix ``.json``."""
    return folder / f"epoch-{epoch:04d}.safetensors"


def save(folder: Path, checkpoint: Checkpoint) -> None:
    """Write a checkpoint; one of the same epoch is replaced."""
    target = path(folder, checkpoint.epoch)
    target.with_suffix(".json").unlink(missing_ok=True)
    data = safetensors.torch.save(checkpoint.tensors)
    with ThreadPoolExecutor(1) as beside:  # the processor hashes while the disk writes; nothing is read back
        digest = beside.submit(lambda: hashlib.sha256(data).hexdigest())
        files.write_bytes(target, data)
        sha256 = digest.result()
    document = {**checkpoint.document, "schema": SCHEMA, "epoch": checkpoint.epoch, "sha256": sha256}
    files.write_json(target.with_suffix(".json"), files.sealed(document))


def read_document(target: Path) -> dict[str, Any]:
    """The document beside a checkpoint file, checked against its own hash and that of the tensors.

    Raises:
        CheckpointError: there is none, or it or the tensors' file is damaged.
    """
    document = _document(target)
    with _readable(target):
        found = files.sha256(target)
    return _of_its_tensors(document, target, found)


def load(target: Path) -> Checkpoint:
    """Read a checkpoint file and its document.

    Raises:
        CheckpointError: it does not exist or is damaged.
    """
    document = _document(target)
    with _readable(target):
        data = files.read_bytes(target)
    _of_its_tensors(document, target, hashlib.sha256(data).hexdigest())
    try:
        tensors = safetensors.torch.load(data)
    except (SafetensorError, ValueError, KeyError, RuntimeError) as error:
        raise CheckpointError(f"{target} cannot be read ({error}): {_REMEDY}") from None
    return Checkpoint(document["epoch"], tensors, document)


def weights_in(target: Path) -> int:
    """Weights of the network of a checkpoint, biases included."""
    tensors = load(target).tensors
    return sum(value.numel() for name, value in tensors.items() if name.startswith("model."))


def epochs(folder: Path) -> list[int]:
    """Epochs that have a document in ``folder``, in order, damaged ones included."""
    matches = (_NAME.fullmatch(entry.name) for entry in folder.glob("epoch-*.json"))
    return sorted(int(match[1]) for match in matches if match)


def latest(folder: Path) -> dict[str, Any] | None:
    """The document of the last checkpoint that is whole; damaged later ones are reported and passed over."""
    for epoch in reversed(epochs(folder)):
        try:
            return read_document(path(folder, epoch))
        except CheckpointError as error:
            logger.warning("%s; going back to the one before", error)
    return None


def is_whole(folder: Path, epoch: int) -> bool:
    """Whether an epoch's checkpoint is there and undamaged."""
    try:
        read_document(path(folder, epoch))
    except CheckpointError:
        return False
    return True


def keep(folder: Path, wanted: set[int]) -> None:
    """Delete the checkpoints of all epochs that are not ``wanted``, documents first, and what has none."""
    for epoch in epochs(folder):
        if epoch not in wanted:
            path(folder, epoch).with_suffix(".json").unlink(missing_ok=True)
    for tensors in folder.glob("epoch-*.safetensors"):
        if not tensors.with_suffix(".json").exists():
            tensors.unlink(missing_ok=True)


def _document(target: Path) -> dict[str, Any]:
    """The document beside a checkpoint file, checked against its own hash."""
    beside = target.with_suffix(".json")
    with _readable(beside):
        content = files.read_bytes(beside, files.LARGEST_RECORD)
    try:
        document = files.unsealed(files.as_json(content))
    except ValueError as error:
        raise CheckpointError(f"{beside} is damaged ({_first_line(error)}): {_REMEDY}") from None
    schema, epoch = document.get("schema"), document.get("epoch")
    if schema != SCHEMA:
        raise CheckpointError(
            f"{target} has schema {schema!r:.40}, this version reads {SCHEMA}: "
            "use the version of hyperprune that wrote it"
        )
    if not isinstance(epoch, int) or not isinstance(document.get("sha256"), str):
        raise CheckpointError(f"{beside} is not a checkpoint document: {_REMEDY}")
    return document


def _of_its_tensors(document: dict[str, Any], target: Path, found: str) -> dict[str, Any]:
    if document["sha256"] != found:
        raise CheckpointError(
            f"{target} is damaged (its hash differs from the one it was saved with): {_REMEDY}"
        )
    return document


@contextmanager
def _readable(name: Path) -> Iterator[None]:
    """Turn what the system says about a file into what the user can do."""
    try:
        yield
    except FileNotFoundError:
        raise CheckpointError(f"{name} does not exist: give an existing checkpoint") from None
    except OSError as error:
        raise CheckpointError(
            f"{name} cannot be read ({error.strerror}): make it readable, or give another checkpoint"
        ) from None


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)[:200]
