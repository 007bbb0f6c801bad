"""Checkpoints on disk: one safetensors file and one JSON document an epoch, both whole or not there.

The safetensors file is written first, the document, which holds its SHA-256 and one of itself, after
it. So an epoch counts as saved exactly when its document stands. Nothing read here can run code.
"""

import json
import logging
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import safetensors.torch
from safetensors import SafetensorError
from torch import Tensor

from hyperprune import files
from hyperprune.errors import CheckpointError

SCHEMA = 1
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
    files.write_bytes(target, safetensors.torch.save(checkpoint.tensors))
    document = {
        **checkpoint.document,
        "schema": SCHEMA,
        "epoch": checkpoint.epoch,
        "sha256": files.sha256(target),
    }
    files.write_json(target.with_suffix(".json"), files.sealed(document))


def read_document(target: Path) -> dict[str, Any]:
    """The document beside a checkpoint file, checked against its own hash and that of the tensors.

    Raises:
        CheckpointError: there is none, or it or the tensors' file is damaged.
    """
    beside = target.with_suffix(".json")
    try:
        document: dict[str, Any] = json.loads(beside.read_bytes())
        claimed = document.pop("document_sha256")
        whole = claimed == files.digest(document) and document["sha256"] == files.sha256(target)
    except FileNotFoundError as error:
        raise CheckpointError(f"{error.filename} does not exist: give an existing checkpoint") from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        whole = False
    if not whole:
        raise CheckpointError(f"{target} is damaged: its hash differs from the one it was saved with")
    if document["schema"] != SCHEMA:
        raise CheckpointError(
            f"{target} has schema {document['schema']}, this version reads {SCHEMA}: "
            "use the version of hyperprune that wrote it"
        )
    return document


def load(target: Path) -> Checkpoint:
    """Read a checkpoint file and its document.

    Raises:
        CheckpointError: it does not exist or is damaged.
    """
    document = read_document(target)
    try:
        tensors = safetensors.torch.load_file(target)
    except SafetensorError as error:
        raise CheckpointError(f"{target} cannot be read: {error}") from None
    return Checkpoint(document["epoch"], tensors, document)


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


def keep(folder: Path, wanted: set[int]) -> None:
    """Delete the checkpoints of all epochs that are not ``wanted``, documents first."""
    for epoch in epochs(folder):
        if epoch not in wanted:
            path(folder, epoch).with_suffix(".json").unlink(missing_ok=True)
            path(folder, epoch).unlink(missing_ok=True)
