"""Weights that the user has already: a checkpoint of ours, or a plain state dictionary."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from pydantic import BaseModel, ConfigDict, Field, field_validator
from torch import Tensor, nn

from hyperprune import files
from hyperprune.errors import CheckpointError
from hyperprune.training.stored.tensor_file import check_plain, read_tensors

_SUFFIXES = (".safetensors", ".pt", ".pth")


class GivenWeights(BaseModel):
    """A file of weights."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    checkpoint: str = Field(
        description="Weights of a dense network that you have: a checkpoint of hyperprune, or a plain state "
        "dictionary (.safetensors, .pt or .pth). A search compares with it, a training starts from it."
    )
    sha256: str | None = Field(
        None, description="Hash of the file; filled in when a run starts, so that a changed file is refused."
    )

    @field_validator("checkpoint")
    @classmethod
    def _absolute(cls, name: str) -> str:
        """Kept absolute, so that a run can be resumed from another folder."""
        path = files.expanded(name)
        return str(files.place(path)) if path.exists() else name

    def hashed(self) -> str:
        """SHA-256 of the file.

        Raises:
            CheckpointError: there is none, of no known kind, or not the one whose hash is known.
        """
        path = Path(self.checkpoint)
        if not path.is_file() or path.suffix not in _SUFFIXES:
            raise CheckpointError(
                f"a reference is a file of weights ({', '.join(_SUFFIXES)}), got {self.checkpoint}, which "
                f"{'has another ending' if path.is_file() else 'is not a file'}: give an existing one"
            )
        found = files.sha256(path)
        if self.sha256 not in (None, found):
            raise CheckpointError(
                f"{path} is not the file that this run was started with: restore it, or start a new run"
            )
        return found


def load_given(network: nn.Module, given: GivenWeights) -> None:
    """Copy given weights into a network that has the same names and shapes.

    Of tied weights one name suffices; if all are there, they must be equal. Of a checkpoint of ours the
    averaged weights count where it has them.

    Raises:
        CheckpointError: the file cannot be read, or is of another network; says where they differ first.
    """
    given.hashed()
    path = Path(given.checkpoint)
    tensors, own = _read(path), network.state_dict(keep_vars=True)
    first: dict[int, str] = {}
    for name, value in own.items():
        first.setdefault(id(value), name)
    for name, value in own.items():
        _check_shape(path, network, name, value, tensors, [n for n in own if own[n] is value])
    unknown = sorted(set(tensors) - set(own))
    if unknown:
        raise CheckpointError(
            f"{path} holds {unknown[0]}, which {type(network).__name__} does not have: give the weights "
            "of the same network, saved from network.state_dict()"
        )
    with torch.no_grad():
        for name, value in own.items():
            twin = first[id(value)]
            if name != twin and name in tensors and twin in tensors:
                if not torch.equal(tensors[name], tensors[twin]):
                    raise CheckpointError(
                        f"{name} and {twin} are one matrix in {type(network).__name__} and two in {path}: "
                        "give a network that ties its weights, or set tied to false"
                    )
            elif name in tensors:
                value.copy_(tensors[name])


def _check_shape(
    path: Path,
    network: nn.Module,
    name: str,
    value: Tensor,
    tensors: Mapping[str, Tensor],
    names: list[str],
) -> None:
    """Each parameter and buffer is there, under one of its names, in its shape."""
    found = next((tensors[other] for other in (name, *names) if other in tensors), None)
    if found is None:
        raise CheckpointError(
            f"{path} lacks {name}, which {type(network).__name__} has: give the weights of the same network, "
            "saved from network.state_dict()"
        )
    if found.shape != value.shape:
        raise CheckpointError(
            f"{path} is of another network: {name} is {tuple(found.shape)} there and {tuple(value.shape)} "
            "here: make the sizes of the run those of the reference"
        )
    if found.is_floating_point() != value.is_floating_point():
        raise CheckpointError(
            f"{path} holds {name} as {found.dtype}, which is no {value.dtype}: give the weights as they were "
            "trained"
        )


def _read(path: Path) -> dict[str, Tensor]:
    """Tensors by the names of a network's state dictionary; nothing read can run code."""
    tensors = read_tensors(path)
    if not all(isinstance(value, Tensor) for value in tensors.values()):
        raise CheckpointError(
            f"{path} must hold a dictionary of tensors, it holds "
            f"{_content(tensors)}: save network.state_dict() alone"
        )
    for name, tensor in tensors.items():
        check_plain(path, name, tensor)
    for prefix in ("average.", "model."):
        if path.with_suffix(".json").exists() and any(name.startswith(prefix) for name in tensors):
            return {n.removeprefix(prefix): v for n, v in tensors.items() if n.startswith(prefix)}
    return tensors


def _content(value: Any) -> str:
    if isinstance(value, dict):
        other = next((name for name, part in value.items() if not isinstance(part, Tensor)), "")
        return f"one with {other!r}, which is none"
    return f"a {type(value).__name__}"
