"""Blocks and their strands before a computation."""

from collections.abc import Sequence

import torch
from torch import Tensor

from hyperprune.errors import ConfigurationError
from hyperprune.lyapunov.conventions import Conventions
from hyperprune.lyapunov.layers import GenericLayer, Layer
from hyperprune.lyapunov.record import Position
from hyperprune.lyapunov.recursion.blocks import Block, Share
from hyperprune.lyapunov.recursion.strand import Strand
from hyperprune.lyapunov.structure import Component, random_start
from hyperprune.lyapunov.survey import Structure

# Matrices of a group together hold about this many numbers: large ones come one by one, so that they stay
# in the cache, small ones together, so that Python's part is small.
_GROUP_NUMBERS = 2**17


class StrandMaker:
    """Makes the strands of every block.

    Args:
        layers: the stack.
        conventions: what is computed.
        zero: ``(batch, 0)``; gives batch, type and device.
        start: where Q begins, or None for its own beginning.
        ragged: whether sequences differ in length, so that each has a strand of its own.
        differentiable: whether derivatives are kept.
        running: whether the mean so far is kept.
    """

    def __init__(
        self,
        layers: Sequence[Layer],
        conventions: Conventions,
        zero: Tensor,
        start: Position | None,
        *,
        ragged: bool,
        differentiable: bool,
        running: bool,
    ) -> None:
        self.layers, self.conventions, self.zero, self.start = layers, conventions, zero, start
        self._ragged, self._differentiable, self._running = ragged, differentiable, running

    def blocks(self, structures: Sequence[Structure], order: Sequence[int]) -> list[Block]:
        """A block a layer, or one for the whole state.

        Args:
            structures: the live components of each layer that has dead directions, None for others.
            order: the order of the layers in the state.

        Raises:
            ConfigurationError: k is larger than every block; ``start`` is of another system.
        """
        whole = self.conventions.layerwise is False
        parts = [list(order)] if whole else [[number] for number in range(len(self.layers))]
        self._check_k(parts)
        return [self._block(place, own, structures) for place, own in enumerate(parts)]

    def _block(self, place: int, members: list[int], structures: Sequence[Structure]) -> Block:
        sizes = [self.layers[layer].tracked for layer in members]
        size = sum(sizes)
        left, columns = min(self.conventions.k or size, size), []
        for own in sizes:
            columns.append(min(own, left))
            left -= columns[-1]
        if all(structures[layer] is None for layer in members):
            shares = [Share(layer + 1, shown) for layer, shown in zip(members, columns, strict=True)]
            return Block(size, shares, self._whole_strands(place, size, sum(columns)))
        return self._in_parts(place, members, columns, structures)

    def _whole_strands(self, place: int, size: int, columns: int) -> list[Strand]:
        shape = (len(self.zero), size, columns)
        if self.start is None:
            q = torch.eye(size, columns, dtype=self.zero.dtype, device=self.zero.device).expand(shape)
        else:
            q = self._given_q(place, shape).to(self.zero)
        return [self._strand(rows, q[rows], self.start is None) for rows in self._rows(size)]

    def _in_parts(
        self, place: int, members: list[int], columns: list[int], structures: Sequence[Structure]
    ) -> Block:
        """Components of one shape are followed together, in float64."""
        groups: dict[tuple[int, int, bool], list[tuple[int, Tensor]]] = {}
        offset = 0
        for layer, shown in zip(members, columns, strict=True):
            size = self.layers[layer].tracked
            living, everything = structures[layer], Component(tuple(range(size)), size)
            for component in [everything] if living is None else living:
                followed = min(component.live, shown)
                key = (len(component.units), followed, component.live == len(component.units))
                if followed:
                    units = torch.tensor(component.units, device=self.zero.device) + offset
                    groups.setdefault(key, []).append((layer, units))
            offset += size
        owners = [
            layer for (_, followed, _), own in groups.items() for layer, _ in own for _ in range(followed)
        ]
        strands, batch = [], len(self.zero)
        q = None if self.start is None else self._given_q(place, (batch, offset, len(owners)))
        for rows in self._rows(offset):
            first = 0
            for (units_each, followed, full), own in groups.items():
                units = torch.stack([places for _, places in own])
                last = first + followed * len(own)
                if q is not None:
                    begin = torch.stack(
                        [
                            q[rows, places, first + n * followed : first + (n + 1) * followed]
                            for n, places in enumerate(units)
                        ],
                        dim=1,
                    )
                    begin = begin.flatten(0, 1).to(self.zero.device, torch.float64)
                else:
                    begin = self._fresh(units_each, followed, full)
                    begin = begin.expand((rows.stop - rows.start) * len(own), -1, -1)
                identity = q is None and full
                strands.append(self._strand(rows, begin, identity, units, settle=q is None and not full))
                first = last
        shares = [
            Share(layer + 1, shown, [at for at, owner in enumerate(owners) if owner == layer])
            for layer, shown in zip(members, columns, strict=True)
        ]
        return Block(offset, shares, strands)

    def _fresh(self, size: int, columns: int, full: bool) -> Tensor:
        if full:
            return torch.eye(size, columns, dtype=torch.float64, device=self.zero.device)
        return random_start(size, columns, self.zero.device)

    def _strand(
        self, rows: slice, q: Tensor, identity: bool, units: Tensor | None = None, settle: bool = False
    ) -> Strand:
        return Strand(
            rows,
            q,
            identity=identity,
            transposed=self.conventions.direction == "adjoint",
            floor=self.conventions.floor,
            differentiable=self._differentiable,
            running=self._running,
            units=units,
            settle=settle,
        )

    def _rows(self, size: int) -> list[slice]:
        """How the sequences are grouped; a generic layer gives Jacobians of all sequences at once."""
        batch = len(self.zero)
        if self._ragged:
            each = 1
        elif any(isinstance(layer, GenericLayer) for layer in self.layers):
            each = batch
        else:
            each = max(1, _GROUP_NUMBERS // size**2)
        return [slice(first, min(first + each, batch)) for first in range(0, batch, each)]

    def _check_k(self, parts: list[list[int]]) -> None:
        largest = max(sum(self.layers[layer].tracked for layer in own) for own in parts)
        if self.conventions.k is not None and self.conventions.k > largest:
            raise ConfigurationError(
                f"k must be at most {largest}, the size of the largest layer, got {self.conventions.k}: give "
                "fewer, or leave it out to follow all"
            )

    def _given_q(self, place: int, shape: tuple[int, int, int]) -> Tensor:
        assert self.start is not None
        q = self.start.q[place] if place < len(self.start.q) else None
        if q is None or tuple(q.shape) != shape:
            raise ConfigurationError(
                f"start must hold a Q of shape {shape} for block {place + 1}, got "
                f"{None if q is None else tuple(q.shape)}: give the end of a spectrum of the same system "
                "and conventions"
            )
        return q
