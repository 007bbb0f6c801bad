"""Hashes of a task's data and settings, so that a run is never resumed with other ones unnoticed."""

import hashlib
import json
from collections.abc import Callable, Mapping, Set
from typing import Any

import torch
from torch import Tensor, nn

from hyperprune.seeding import seed_globally
from hyperprune.tasks.task import Epoch, TaskLike


class _Enough(BaseException):
    """Ends an evaluation after its first call of the network; no task catches it by accident."""


def data_hash(inputs: Any) -> str:
    """SHA-256 of the tensors that drive a spectrum, in tuples, lists and dictionaries too.

    A tensor or a tuple of tensors hashes as it always did, so that stored runs are recognised.
    """
    digest = hashlib.sha256()
    _add(digest.update, inputs, plain=True)
    return digest.hexdigest()


def training_hash(task: TaskLike, seed: int) -> str:
    """SHA-256 of what a task trains and validates on, as far as it can be seen without training.

    If the task offers ``data()``, everything that this gives: tensors, arrays, numbers and texts in tuples,
    lists and dictionaries. Otherwise what reaches the network in the first training batch and in the first
    call of the validation; targets and later batches are then not covered.

    Args:
        task: the task.
        seed: root seed, which the order of batches may come from.
    """
    digest = hashlib.sha256()
    offered = getattr(task, "data", None)
    if offered is not None:
        _add(digest.update, offered() if callable(offered) else offered)
        return digest.hexdigest()
    random_state = torch.get_rng_state()
    try:
        seed_globally(0)
        network = task.network()
        _add(digest.update, _seen(network, lambda: next(iter(task.losses(network, Epoch(1, seed))), None)))
        network.eval()
        with torch.no_grad():
            _add(digest.update, _seen(network, lambda: task.evaluate(network, "valid")))
    finally:
        torch.set_rng_state(random_state)
    return digest.hexdigest()


def attributes_hash(task: Any) -> str | None:
    """SHA-256 of an object's own attributes; None if one of them cannot be read as data.

    Two objects of one class with other settings are other tasks.
    """
    digest = hashlib.sha256()
    try:
        own = dict(vars(task))
    except TypeError:  # slots
        return None
    try:
        _add(digest.update, {name: own[name] for name in sorted(own)}, strict=True)
    except TypeError:
        return None
    return digest.hexdigest()


def _seen(network: nn.Module, call: Callable[[], Any]) -> list[Any]:
    """The arguments of the first call of a network inside ``call``."""
    found: list[Any] = []

    def record(_: nn.Module, arguments: tuple[Any, ...], named: dict[str, Any]) -> None:
        found.append([arguments, named])
        raise _Enough

    hook = network.register_forward_pre_hook(record, with_kwargs=True)
    try:
        call()
    except _Enough:
        pass
    finally:
        hook.remove()
    return found


def _add(update: Callable[[bytes], None], value: Any, *, plain: bool = False, strict: bool = False) -> None:
    """Feed a nest of data to a hash.

    Args:
        update: takes bytes.
        value: tensors, arrays, numbers and texts in tuples, lists, sets and dictionaries.
        plain: whether tensors of a tuple follow each other without marks between them.
        strict: whether a value of another kind is refused and not left out.
    """
    if isinstance(value, Tensor):
        update(f"{tuple(value.shape)} {value.dtype}".encode())
        update(value.detach().cpu().flatten().contiguous().view(torch.uint8).numpy().tobytes())
    elif isinstance(value, Mapping):
        for key in value:
            update(f"{{{key!r}".encode())
            _add(update, value[key], strict=strict)
    elif isinstance(value, tuple | list):
        if not plain or isinstance(value, list):
            update(f"[{len(value)}".encode())
        for part in value:
            _add(update, part, plain=plain, strict=strict)
    elif isinstance(value, Set):
        _add(update, sorted(value, key=repr), strict=strict)
    elif hasattr(value, "__array_interface__"):
        _add(update, torch.as_tensor(value), strict=strict)
    elif value is None or isinstance(value, bool | int | float | str | bytes):
        if not plain:
            update(repr(value).encode())
    elif strict:
        raise TypeError(json.dumps(type(value).__name__))
