"""The weights of a network among all that a checkpoint of anybody's holds.

Trainers nest them (``state_dict`` of Lightning, ``model``), and wrappers put words before their names
(``module.`` of DataParallel, ``_orig_mod.`` of torch.compile, ``model.`` or another attribute of Lightning).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from hyperprune.errors import CheckpointError

NESTED = (
    *("state_dict", "model_state_dict", "model_state", "model", "module"),
    *("network", "net", "weights", "params", "parameters"),
)
_WRAPPERS = ("module", "model", "_orig_mod")
_COMPILED = "_orig_mod."
_DEEPEST = 6  # of nests and of prefixes
_SHOWN = 3  # names in a message


@dataclass(frozen=True)
class FoundWeights:
    """The weights of a network, by its own names.

    Attributes:
        tensors: what it has, and what is beside it under the same prefix.
        said: how they were found, as a clause; empty for a plain state dictionary of this network.
    """

    tensors: dict[str, Tensor]
    said: str = ""


def find_weights(path: Path, held: Mapping[str, Any], own: Sequence[Sequence[str]]) -> FoundWeights:
    """Look into the nests of a file, and behind the prefixes of its names.

    Args:
        path: for errors.
        held: what the file holds.
        own: the names of each parameter and buffer of the network; several for one that is shared.

    Raises:
        CheckpointError: no tensors are to be found, or two networks fit.
    """
    way, tensors, beside = _unwrapped(path, held)
    names = {_uncompiled(name): name for group in own for name in group}
    groups = [[_uncompiled(name) for name in group] for group in own]
    plain = {_uncompiled(name): tensor for name, tensor in tensors.items()}
    if len(plain) < len(tensors):  # two are one without that word: all keep it
        plain = dict(tensors)
    prefix, inside = _behind_prefix(path, plain, groups)
    said = [f"its {'.'.join(way)}"] if way else []
    if prefix:
        said.append(f"names without {prefix}")
        beside = [*beside, *(name for name in plain if not name.startswith(prefix))]
    if any(_COMPILED in name for name in tensors) and not any(_COMPILED in name for name in names.values()):
        said.append(f"names without {_COMPILED}")
    if beside:
        said.append(f"without {_listed(beside)}, which it holds beside them")
    return FoundWeights({names.get(name, name): value for name, value in inside.items()}, "; ".join(said))


def _unwrapped(path: Path, held: Mapping[str, Any]) -> tuple[list[str], dict[str, Tensor], list[str]]:
    """The dictionary of tensors, the keys that led to it, and what lies beside them."""
    way: list[str] = []
    beside: list[str] = []
    while not _is_flat(held):
        nests = [key for key, value in held.items() if isinstance(value, Mapping) and _leads_on(value)]
        known = [key for key in NESTED if key in nests]
        if not (known or len(nests) == 1) or len(way) == _DEEPEST:
            raise CheckpointError(
                f"{path} must hold a dictionary of tensors, it holds {_content(held, nests)}: save "
                "network.state_dict() alone"
            )
        key = known[0] if known else nests[0]
        beside += [".".join([*way, name]) for name in held if name != key]
        way.append(key)
        held = held[key]
    return way, dict(held), beside


def _is_flat(held: Mapping[str, Any]) -> bool:
    return all(isinstance(name, str) and isinstance(value, Tensor) for name, value in held.items())


def _leads_on(held: Mapping[Any, Any], depth: int = 0) -> bool:
    """Whether there is a dictionary of named tensors in it, or under a name that is known."""
    if held and _is_flat(held):
        return True
    inner = [held[key] for key in NESTED if isinstance(held.get(key), Mapping)]
    return depth < _DEEPEST and any(_leads_on(value, depth + 1) for value in inner)


def _behind_prefix(
    path: Path, tensors: dict[str, Tensor], own: Sequence[Sequence[str]]
) -> tuple[str, dict[str, Tensor]]:
    """The shortest prefix behind which the whole network is, and what stands behind it.

    Where it is nowhere whole, the prefix behind which most of it is, so that the error names what is missing.
    """
    level = {"": tensors}
    best, most = "", _matched(tensors, own)
    for _ in range(_DEEPEST):
        whole = [prefix for prefix, inside in level.items() if _matched(inside, own) == len(own)]
        if whole:
            prefix = _one_of(path, whole)
            return prefix, level[prefix]
        level = {
            f"{prefix}{word}.": inside
            for prefix, outer in level.items()
            for word, inside in _by_first_word(outer).items()
        }
        for prefix, inside in level.items():
            if (matched := _matched(inside, own)) > most:
                best, most = prefix, matched
    inside = {name.removeprefix(best): value for name, value in tensors.items() if name.startswith(best)}
    return best, inside


def _matched(tensors: Mapping[str, Tensor], own: Sequence[Sequence[str]]) -> int:
    return sum(any(name in tensors for name in group) for group in own)


def _by_first_word(tensors: Mapping[str, Tensor]) -> dict[str, dict[str, Tensor]]:
    found: dict[str, dict[str, Tensor]] = {}
    for name, tensor in tensors.items():
        word, dot, rest = name.partition(".")
        if dot and rest:
            found.setdefault(word, {})[rest] = tensor
    return found


def _one_of(path: Path, prefixes: list[str]) -> str:
    """The one prefix, or the one of a wrapper that is known."""
    known = [prefix for prefix in prefixes if all(word in _WRAPPERS for word in prefix.split(".")[:-1])]
    for found in (prefixes, known):
        if len(found) == 1:
            return found[0]
    raise CheckpointError(
        f"{path} holds {len(prefixes)} networks of this kind, under {_listed(prefixes)}: save the one that "
        "you mean alone, by its state_dict()"
    )


def _uncompiled(name: str) -> str:
    return name.replace(_COMPILED, "")


def _content(held: Mapping[str, Any], nests: Iterable[str]) -> str:
    nests = list(nests)
    if nests:
        return f"several, {_listed(nests)}"
    other = next((name for name, part in held.items() if not isinstance(part, Tensor)), "")
    return f"one with {other!r}, which is none"


def _listed(names: Iterable[str]) -> str:
    names = list(names)
    shown = ", ".join(name[:60] for name in names[:_SHOWN])
    return f"{shown} and {len(names) - _SHOWN} more" if len(names) > _SHOWN else shown
