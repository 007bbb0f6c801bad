"""Where blocks lie in a matrix."""

import math
from collections.abc import Collection, Mapping

from hyperprune.errors import ConfigurationError
from hyperprune.sparsity.grain.pieces import Piece
from hyperprune.sparsity.parameters.prunable import Prunable


def cut(prunable: Prunable, name: str, block: tuple[int, int], *, keep_diagonal: bool) -> tuple[Piece, ...]:
    """A parameter as pieces: one for each gate, or one where it has no gates that are known.

    An embedding by token keeps single weights. Dimensions after the first count as columns.

    Raises:
        ConfigurationError: blocks do not divide it.
    """
    shape = prunable.parameters[name].shape
    rows, columns = shape[0], math.prod(shape[1:])
    gates = prunable.gates.get(name)
    if name in prunable.lookups:
        return (Piece(name, 0, rows, columns),)
    heights = (("", rows),) if gates is None else gates.rows
    pieces, begin = [], 0
    for gate, height in heights:
        _check(name, gate, (height, columns), block)
        diagonal = keep_diagonal and gates is not None and gates.recurrent and height == columns
        pieces.append(Piece(name, begin, height, columns, block, diagonal))
        begin += height
    return tuple(pieces)


def by_gates(
    prunable: Prunable, matrices: Mapping[str, tuple[Piece, ...]], gates: Collection[str]
) -> dict[str, tuple[str, tuple[Piece, ...]]]:
    """Budgets, each with the gate that it is, or "": matrices that have the gates fall into them.

    Args:
        prunable: knows the gates.
        matrices: pieces by the name of the budget.
        gates: names of those that have budgets of their own.

    Raises:
        ConfigurationError: a gate that no matrix has, a matrix with others beside them, or one that shares
            its budget.
    """
    known = sorted({gate for own in prunable.gates.values() for gate, _ in own.rows})
    for gate in gates:
        if gate not in known:
            raise ConfigurationError(
                f"gate_densities names {gate!r}, a gate that no matrix has: "
                + (f"choose among {', '.join(known)}" if known else "the network has no gates, leave it out")
            )
    budgets: dict[str, tuple[str, tuple[Piece, ...]]] = {}
    for name, pieces in matrices.items():
        own = prunable.gates.get(name)
        names = [] if own is None else [gate for gate, _ in own.rows]
        if not set(names) & set(gates):
            budgets[name] = ("", pieces)
            continue
        missing = [gate for gate in names if gate not in gates]
        if missing or len(prunable.budgets[name]) > 1:
            what = f"{missing[0]!r} has none" if missing else "it shares its budget"
            raise ConfigurationError(
                f"gate_densities must name all gates of {name}, which has a budget of its own, got "
                f"{', '.join(gates)}, and {what}: name {', '.join(names)}"
            )
        budgets |= {f"{name}[{gate}]": (gate, (piece,)) for gate, piece in zip(names, pieces, strict=True)}
    return budgets


def _check(name: str, gate: str, shape: tuple[int, int], block: tuple[int, int]) -> None:
    if all(side % length == 0 for side, length in zip(shape, block, strict=True)):
        return
    where = f"each gate of {name}" if gate else name
    sizes = f"{shape[0]} rows and {shape[1]} columns"
    raise ConfigurationError(
        f"blocks of {block[0]} x {block[1]} must divide a matrix, got {sizes} in {where}: choose sizes that "
        f"are multiples of them, or exclude {name}, which then stays dense"
    )
