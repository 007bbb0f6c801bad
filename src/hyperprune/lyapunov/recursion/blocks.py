"""Diagonal blocks of the state: a layer, or the whole state, with the strands that follow it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from hyperprune.lyapunov.layers import Jacobians
from hyperprune.lyapunov.recursion.parts import Remembered
from hyperprune.lyapunov.recursion.strand import Strand


@dataclass(frozen=True)
class Share:
    """The columns of one layer in a block.

    Attributes:
        layer: its number, from 1.
        columns: how many are shown.
        followed: where its own stand among the columns that strands follow; None where all are followed, in
            the order in which they are shown.
    """

    layer: int
    columns: int
    followed: Sequence[int] | None = None

    @property
    def live(self) -> int:
        """How many of the columns shown are alive."""
        return self.columns if self.followed is None else min(self.columns, len(self.followed))


@dataclass
class Block:
    """A diagonal block of the state with a Q of its own.

    Attributes:
        size: tracked entries n.
        shares: the columns of its layers, in the order of the state.
        strands: those of the first sequences first; without components one a group of sequences, with them
            one for each shape of component; None where nothing is alive.
    """

    size: int
    shares: list[Share]
    strands: list[Strand]

    @property
    def in_parts(self) -> bool:
        """Whether some directions are dead, so that components are followed alone."""
        return any(share.followed is not None for share in self.shares)

    def prepared(self, jacobians: Jacobians) -> Jacobians:
        """Jacobians as the strands take them: shared, where several take parts of the same."""
        return Remembered(jacobians) if self.in_parts else jacobians

    @property
    def owners(self) -> list[int]:
        """The layer of every column shown."""
        return [share.layer for share in self.shares for _ in range(share.columns)]

    @property
    def dead(self) -> list[bool]:
        """Whether each column shown is structurally dead."""
        return [place >= share.live for share in self.shares for place in range(share.columns)]

    def shown(self, followed: Tensor, dead: float) -> Tensor:
        """From columns as they are followed, ``(..., followed)``, to columns as they are shown.

        Args:
            followed: one value a column.
            dead: the value of a dead column.
        """
        if not self.in_parts:
            return followed
        order = self._falling()
        parts = []
        for share, places in zip(self.shares, order, strict=True):
            chosen = torch.tensor(places[: share.live], dtype=torch.int64, device=followed.device)
            own = followed.index_select(-1, chosen)
            parts.append(nn.functional.pad(own, (0, share.columns - share.live), value=dead))
        return torch.cat(parts, dim=-1)

    def gather(self, attribute: str) -> Tensor:
        """A value a column from every strand: ``(batch, followed)``."""
        values = [(s.rows.start, s.of_sequences(getattr(s, attribute))) for s in self.strands]
        return self._together(values)

    def history(self, batch: int) -> Tensor:
        """Means so far ``(times, batch, followed)``; sequences that end sooner end in NaN."""
        longest = max(len(strand.history or ()) for strand in self.strands)
        values = []
        for strand in self.strands:
            steps = torch.stack([strand.of_sequences(mean) for mean in strand.history or []])
            padding = (0, 0, 0, 0, 0, longest - len(steps))
            padded = nn.functional.pad(steps, padding, value=math.nan)
            values.append((strand.rows.start, padded.permute(1, 2, 0)))
        return self._together(values).permute(2, 0, 1)

    def q(self) -> Tensor:
        """Q ``(batch, n, followed)``."""
        values = []
        for strand in self.strands:
            q = strand.q
            if strand.units is not None:
                q = _placed(q.unflatten(0, (-1, len(strand.units))), strand.units, self.size)
            values.append((strand.rows.start, q.transpose(1, 2)))
        return self._together(values).transpose(1, 2)

    def _together(self, values: list[tuple[int, Tensor]]) -> Tensor:
        """Columns of the same sequences side by side, ``(batch, columns, ...)``."""
        rows: dict[int, list[Tensor]] = {}
        for first, value in values:
            rows.setdefault(first, []).append(value)
        return torch.cat([torch.cat(own, dim=1) if len(own) > 1 else own[0] for own in rows.values()])

    def _falling(self) -> list[list[int]]:
        """For each share the places of its followed columns, the largest mean first."""
        if not self.strands:
            return [[] for _ in self.shares]
        mean = self.gather("mean").detach().mean(dim=0).tolist()
        return [
            sorted(share.followed or (), key=lambda place: (-mean[place], place)) for share in self.shares
        ]


def _placed(q: Tensor, units: Tensor, size: int) -> Tensor:
    """From the Q of components ``(batch, components, m, k)`` to ``(batch, size, components k)``."""
    batch, count, _, columns = q.shape
    whole = q.new_zeros(batch, size, count, columns)
    for number, own in enumerate(units):
        whole[:, own, number] = q[:, number]
    return whole.flatten(2)
