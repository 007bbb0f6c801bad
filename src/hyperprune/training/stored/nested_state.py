"""Nested state as a flat set of named tensors and a JSON document, and back."""

import hashlib
import math
from collections.abc import Mapping
from typing import Any

import numpy
import torch
from torch import Tensor

_TENSOR = "tensor"


def split(tree: Any, prefix: str) -> tuple[dict[str, Tensor], Any]:
    """Tensors of a nest of dicts and lists by path, and the nest with each tensor replaced by its path.

    Args:
        tree: dicts, lists and tuples of tensors and values that JSON can hold; dict keys are strings or
            integers.
        prefix: first part of every path, such as ``optim``.
    """
    tensors: dict[str, Tensor] = {}

    def walk(node: Any, path: str) -> Any:
        if isinstance(node, Tensor):
            tensors[path] = node.detach().cpu().contiguous()
            return {_TENSOR: path}
        if isinstance(node, dict):
            return {"items": [[key, walk(value, f"{path}.{key}")] for key, value in node.items()]}
        if isinstance(node, list | tuple):
            return {"list": [walk(value, f"{path}.{number}") for number, value in enumerate(node)]}
        if node is None or isinstance(node, bool | int | float | str):
            return {"value": node}
        raise TypeError(f"{path} is a {type(node).__name__}, which a checkpoint cannot hold")

    return tensors, walk(tree, prefix)


def join(tensors: dict[str, Tensor], document: Any) -> Any:
    """The nest that ``split`` took apart; tuples come back as lists."""
    if _TENSOR in document:
        return tensors[document[_TENSOR]]
    if "items" in document:
        return {key: join(tensors, value) for key, value in document["items"]}
    if "list" in document:
        return [join(tensors, value) for value in document["list"]]
    return document["value"]


def pack(mask: Tensor) -> Tensor:
    """A boolean tensor as bits, eight a byte, first entry in the highest bit; ``(ceil(numel / 8),)``."""
    return torch.from_numpy(numpy.packbits(mask.detach().cpu().flatten().numpy()))


def mask_hash(masks: Mapping[str, Tensor]) -> str:
    """SHA-256 of masks by name: equal for equal masks."""
    digest = hashlib.sha256()
    for name, mask in sorted(masks.items()):
        digest.update(f"{name} {tuple(mask.shape)}".encode())
        digest.update(pack(mask).numpy().tobytes())
    return digest.hexdigest()


def unpack(bits: Tensor, shape: tuple[int, ...]) -> Tensor:
    """The boolean tensor of ``shape`` that ``pack`` wrote."""
    flat = numpy.unpackbits(bits.numpy(), count=math.prod(shape))
    return torch.from_numpy(flat).bool().view(shape)
