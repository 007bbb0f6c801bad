"""Each block is an entry; embeddings by token keep single weights."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from hyperprune.errors import ConfigurationError
from hyperprune.sparsity.counts.density import live_total
from hyperprune.sparsity.counts.initial import by_pattern, wanted_shares
from hyperprune.sparsity.grain.counts import group_counts, split_by_gates
from hyperprune.sparsity.grain.cut import by_gates, cut
from hyperprune.sparsity.grain.pieces import Piece
from hyperprune.sparsity.parameters.prunable import Prunable
from hyperprune.sparsity.rules import Tensors
from hyperprune.sparsity.variants.variant import PruningVariant


class Blocks:
    """Budgets in blocks; see :class:`~hyperprune.sparsity.grain.contract.Grain`.

    Budgets of blocks of one size are one group. The first group holds the matrices of the pattern, a second
    one the embeddings by token, if the pattern is of more than single weights.

    Args:
        prunable: the matrices.
        block: rows and columns.
        keep_diagonal: keep the diagonals of recurrent matrices.
        gates: densities of gates, which make each a budget of its own.

    Raises:
        ConfigurationError: blocks do not divide a matrix, or there is no diagonal or gate of that name.
    """

    whole = False

    def __init__(
        self,
        prunable: Prunable,
        block: tuple[int, int],
        *,
        keep_diagonal: bool = False,
        gates: Sequence[tuple[str, float]] = (),
    ) -> None:
        self._prunable = prunable
        self._gates = dict(gates)
        self._matrices: dict[str, tuple[Piece, ...]] = {
            name: tuple(p for m in members for p in cut(prunable, m, block, keep_diagonal=keep_diagonal))
            for name, members in prunable.budgets.items()
        }
        if keep_diagonal and not any(p.diagonal for pieces in self._matrices.values() for p in pieces):
            raise ConfigurationError(
                "keep_diagonal keeps the diagonals of recurrent matrices, got a network without one that is "
                "pruned: leave it out"
            )
        if block != (1, 1):
            self._refuse_mixed()
        found = by_gates(prunable, self._matrices, list(self._gates))
        self._gate_of = {name: gate for name, (gate, _) in found.items()}
        self._budgets = {name: pieces for name, (_, pieces) in found.items()}
        self.groups: Sequence[tuple[str, ...]] = _groups(self._budgets, block)
        self._matrix_groups = _groups(self._matrices, block)

    def scored(self, tensors: Tensors) -> dict[str, Tensor]:
        """Single weights as they are; else the sums of magnitudes over the blocks."""
        return {
            name: torch.cat([piece.scored(tensors[piece.parameter]) for piece in pieces])
            for name, pieces in self._budgets.items()
            if all(piece.parameter in tensors for piece in pieces)
        }

    def live(self, masks: Tensors) -> dict[str, Tensor]:
        """Blocks whose weights all live."""
        return {
            name: torch.cat([piece.live(masks[piece.parameter]) for piece in pieces])
            for name, pieces in self._budgets.items()
        }

    def spread(self, entries: Tensors) -> dict[str, Tensor]:
        """Masks by parameter."""
        rows: dict[str, dict[int, Tensor]] = {name: {} for name in self._prunable.parameters}
        for name, pieces in self._budgets.items():
            heights = [piece.rows // piece.block[0] for piece in pieces]
            for piece, part in zip(pieces, entries[name].split(heights), strict=True):
                rows[piece.parameter][piece.begin] = piece.spread(part)
        return {
            name: torch.cat([own[begin] for begin in sorted(own)]).reshape(
                self._prunable.parameters[name].shape
            )
            for name, own in rows.items()
        }

    def first_counts(self, variant: PruningVariant) -> dict[str, int]:
        """Live blocks: floor(D * B + 0.5) of a group; a diagonal of single weights is not counted."""
        wanted = wanted_shares(
            self._prunable, variant.sparse_init, variant.density, variant.densities, variant.density_factors
        )
        counts = group_counts(wanted, self._matrices, self._matrix_groups)
        found: dict[str, int] = {}
        for name, count in counts.items():
            own = {gate: f"{name}[{gate}]" for gate in self._gates}
            pieces = {
                gate: self._budgets[budget][0] for gate, budget in own.items() if budget in self._budgets
            }
            if not pieces:
                found[name] = count
                continue
            split = split_by_gates(count, pieces, self._gates, name)
            found |= {own[gate]: live for gate, live in split.items()}
        return {name: found[name] for name in self._budgets}

    def target(self, group: Sequence[str], density: float) -> int:
        """floor(D * B + 0.5), less a diagonal of single weights."""
        pieces = [piece for name in group for piece in self._budgets[name]]
        kept = sum(piece.kept for piece in pieces if piece.single)
        return max(0, live_total(density, sum(piece.entries for piece in pieces) + kept) - kept)

    def factors(self, factors: Sequence[tuple[str, float]]) -> Mapping[str, float]:
        """By budget; the gates of a matrix have its factor."""
        found = by_pattern(self._prunable, "density_factors", factors)
        matrices = {name: name.removesuffix(f"[{gate}]") for name, gate in self._gate_of.items()}
        return {name: found[matrix] for name, matrix in matrices.items() if matrix in found}

    def _refuse_mixed(self) -> None:
        for members in self._prunable.budgets.values():
            tables = [member for member in members if member in self._prunable.lookups]
            if tables and len(tables) < len(members):
                raise ConfigurationError(
                    f"{tables[0]} is an embedding by token, whose weights stay single, and shares a budget "
                    f"with {', '.join(m for m in members if m not in tables)}: leave it out of share_budget"
                )


def _groups(budgets: Mapping[str, tuple[Piece, ...]], first: tuple[int, int]) -> list[tuple[str, ...]]:
    """Names of budgets by the size of their blocks, those of the pattern first."""
    sizes = {name: pieces[0].block for name, pieces in budgets.items()}
    kinds = sorted(set(sizes.values()), key=lambda size: (size != first, size))
    return [tuple(name for name, size in sizes.items() if size == kind) for kind in kinds]
