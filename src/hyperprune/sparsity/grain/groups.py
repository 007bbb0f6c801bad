"""Rules run once for each group of budgets that share a total, and what they say put together again."""

from collections.abc import Mapping, Sequence
from typing import TypeVar

from hyperprune.sparsity.rules import Memory, Topology
from hyperprune.sparsity.update import Change

T = TypeVar("T")


class Groups:
    """Budgets in groups. Rules see one group at a time, so nothing moves between them.

    Args:
        names: of the budgets of each group.
    """

    def __init__(self, names: Sequence[tuple[str, ...]]) -> None:
        self._names = names

    def memory(self, first: Memory) -> dict[str, float]:
        """The memory of a death rule before the first update; each group has its own."""
        return {_key(number, name): v for number in range(len(self._names)) for name, v in first.items()}

    def memory_of(self, number: int, memory: Memory) -> dict[str, float]:
        """What of it is one group's."""
        if number:
            start = _key(number, "")
            return {k.removeprefix(start): v for k, v in memory.items() if k.startswith(start)}
        return {k: v for k, v in memory.items() if ":" not in k}

    def split(self, topology: Topology) -> list[Topology]:
        """One topology for each group."""
        if len(self._names) == 1:
            return [topology]
        return [
            Topology(
                {name: topology.weights[name] for name in names},
                {name: topology.masks[name] for name in names},
                {name: topology.live[name] for name in names},
                {name: topology.momenta[name] for name in names if topology.momenta},
            )
            for names in self._names
        ]

    def join(self, changes: Sequence[Change]) -> Change:
        """One change of all groups."""
        if len(changes) == 1:
            return changes[0]
        memory = {_key(n, k): v for n, change in enumerate(changes) for k, v in change.memory.items()}
        return Change(
            _merged([change.masks for change in changes]),
            _merged([change.grown for change in changes]),
            _merged([change.died for change in changes]),
            _merged([change.grew for change in changes]),
            memory,
        )


def _key(number: int, name: str) -> str:
    return f"{number}:{name}" if number else name


def _merged(parts: Sequence[Mapping[str, T]]) -> dict[str, T]:
    return {name: value for part in parts for name, value in part.items()}
