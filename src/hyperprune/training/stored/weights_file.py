"""Weights that the user has already: a checkpoint of ours, or a state dictionary, plain or nested."""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from pydantic import BaseModel, ConfigDict, Field, field_validator
from torch import Tensor, nn

from hyperprune import files
from hyperprune.errors import CheckpointError
from hyperprune.training.stored.computed_weights import computed_in
from hyperprune.training.stored.found_weights import FoundWeights, find_weights
from hyperprune.training.stored.tensor_file import check_plain, read_tensors

SUFFIXES = (".safetensors", ".pt", ".pth", ".ckpt", ".bin", ".tar")


logger = logging.getLogger(__name__)


class GivenWeights(BaseModel):
    """A file of weights."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    checkpoint: str = Field(
        description="Weights of a dense network that you have: a checkpoint of hyperprune, a state "
        "dictionary (.safetensors, .pt or .pth), or a checkpoint that holds one (.ckpt). A search compares "
        "with it, a training starts from it."
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
        if not path.is_file() or path.suffix not in SUFFIXES:
            raise CheckpointError(
                f"a reference is a file of weights ({', '.join(SUFFIXES)}), got {self.checkpoint}, which "
                f"{'has another ending' if path.is_file() else 'is not a file'}: give an existing one"
            )
        found = files.sha256(path)
        if self.sha256 not in (None, found):
            raise CheckpointError(
                f"{path} is not the file that this run was started with: restore it, or start a new run"
            )
        return found


def say_origin(given: GivenWeights, origin: str) -> None:
    """Tell whoever started a run how the weights that were given are read; once, before any job."""
    if origin:
        logger.warning("%s: read %s", given.checkpoint, origin)


def load_given(network: nn.Module, given: GivenWeights) -> str:
    """Copy given weights into a network that has the same names and shapes, and say how they were found.

    Of tied weights one name suffices; if all are there, they must be equal. Of a checkpoint of ours the
    averaged weights count where it has them. Nests and prefixes of others are looked through, as
    :func:`hyperprune.training.stored.found_weights.find_weights` says.

    Returns:
        What was passed over, as a clause; empty for a plain state dictionary.

    Raises:
        CheckpointError: the file cannot be read, or is of another network; says where they differ first.
    """
    given.hashed()
    path = Path(given.checkpoint)
    own = network.state_dict(keep_vars=True)
    names: dict[int, list[str]] = {}
    for name, value in own.items():
        names.setdefault(id(value), []).append(name)
    found = _read(path, list(names.values()))
    tensors = found.tensors
    for name, tensor in tensors.items():
        check_plain(path, name, tensor)
    _check_computed(path, network, tensors, own)
    for name, value in own.items():
        _check_shape(path, network, name, value, tensors, names[id(value)])
    unknown = sorted(set(tensors) - set(own))
    if unknown:
        raise CheckpointError(
            f"{path} holds {unknown[0]}, which {type(network).__name__} does not have: give the weights "
            "of the same network, saved from network.state_dict()"
        )
    with torch.no_grad():
        for name, value in own.items():
            twin = names[id(value)][0]
            if name != twin and name in tensors and twin in tensors:
                if not torch.equal(tensors[name], tensors[twin]):
                    raise CheckpointError(
                        f"{name} and {twin} are one matrix in {type(network).__name__} and two in {path}: "
                        "give a network that ties its weights, or set tied to false"
                    )
            elif name in tensors:
                value.copy_(tensors[name])
    return found.said


def _check_computed(
    path: Path, network: nn.Module, tensors: Mapping[str, Tensor], own: Mapping[str, Tensor]
) -> None:
    """Explain names of weights that one side computes and the other holds."""
    in_file = computed_in(tensors, own)
    if in_file is not None:
        raise CheckpointError(f"{path} holds parts of weights: {in_file} before you save the state_dict()")
    in_network = computed_in(own, tensors)
    if in_network is not None:
        kind = type(network).__name__
        raise CheckpointError(
            f"{path} holds plain weights, and {kind} computes its own: {in_network} in network(), or save "
            "the weights with their parts"
        )


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


def _read(path: Path, own: Sequence[Sequence[str]]) -> FoundWeights:
    """Tensors by the names of a network's state dictionary; nothing read can run code."""
    held = read_tensors(path)
    for prefix in ("average.", "model."):
        if path.with_suffix(".json").exists() and any(name.startswith(prefix) for name in held):
            ours = {n.removeprefix(prefix): v for n, v in held.items() if n.startswith(prefix)}
            if all(isinstance(value, Tensor) for value in ours.values()):
                return FoundWeights(ours)
    return find_weights(path, held, own)
