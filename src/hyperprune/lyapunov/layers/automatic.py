"""Jacobians of any step function: its own where it offers them, ``torch.func`` elsewhere."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.func import jvp, vjp, vmap

from hyperprune.lyapunov.layers.base import Linearization
from hyperprune.lyapunov.layers.own import OwnDerivatives, product_of

Step = Callable[[Tensor, Any], Tensor]

# Up to this many entries a whole Jacobian is made even for few columns: one call beats many small ones.
_SMALL = 64
# Numbers in the Jacobians of several steps that one call makes.
_NUMBERS_AT_ONCE = 2**20


class GenericLinearization(Linearization):
    """Jacobians of a step function along visited states.

    ``step`` mixes no sequences, so one Jacobian-vector product with tangents ``(batch, state)`` gives all
    sequences' products at once; vmap runs over the columns.
    """

    def __init__(
        self,
        step: Step,
        states: list[Tensor],
        inputs: Tensor | None,
        tracked: int,
        own: OwnDerivatives,
    ) -> None:
        self._step, self._states, self._inputs, self._tracked = step, states, inputs, tracked
        self._own = own
        self._offered = own.offers(tracked, states[0].shape[1])
        # a product of factors is followed factor by factor; a part of the state has no such factors
        self._in_factors = own.jacobian_factors is not None and tracked == states[0].shape[1]
        self._factors: tuple[int, list[Tensor]] = (-1, [])
        self._forward_mode = True
        self._at_once = states[0].shape[1] <= _SMALL
        self._kept = (0, states[0].new_empty(0))

    def operator(self, t: int, rows: slice, transposed: bool, memory: Tensor | None = None) -> Tensor:
        """See the base class."""
        jacobian = self._whole(t)[rows, : self._tracked, : self._tracked]
        columns = jacobian if transposed else jacobian.mT
        if memory is None:
            return columns.mT
        # never the cell's own tensor: the caller works in place
        return memory.copy_(columns).mT

    def product(
        self, t: int, rows: slice, q: Tensor, transposed: bool, memory: Tensor | None = None
    ) -> Tensor:
        """See the base class; k products instead of a whole Jacobian where that is cheaper."""
        if self._in_factors:
            return self._product_by_factors(t, rows, q, transposed)
        n, k = q.shape[1:]
        part = q.shape[0] != self._states[t].shape[0]
        if part or not self._by_products(n, k):
            return super().product(t, rows, q, transposed, memory)
        tangents = torch.nn.functional.pad(q.permute(2, 0, 1), (0, self._states[t].shape[1] - n))
        if transposed:
            return _as_columns(self._pull(t, tangents), n)
        if self._forward_mode:
            try:
                return _as_columns(self._push(t, tangents), n)
            except NotImplementedError:  # some operation of the step has no forward-mode derivative
                self._forward_mode = False
        return super().product(t, rows, q, transposed, memory)

    def input_jacobian(self, t: int, rows: slice) -> Tensor:
        """See the base class; only layers above the first are asked, and their inputs are vectors."""
        assert self._inputs is not None
        state, x = self._states[t], self._inputs[t]
        if self._own.input_jacobian is not None:
            return self._own.input_jacobian(state, x)[rows, : self._tracked]
        try:
            result = _columns(lambda value: self._step(state, value), x, self._forward_mode)
        except NotImplementedError:  # some operation of the step has no forward-mode derivative
            if not self._forward_mode:
                raise
            self._forward_mode = False
            return self.input_jacobian(t, rows)
        return result[rows, : self._tracked]

    def patterns(self, t: int, columns: int) -> Sequence[Tensor] | None:
        """Zero patterns of the Jacobian at step ``t``, as :meth:`Layer.patterns` gives those of weights.

        Args:
            t: the step.
            columns: how many are followed; where that takes no whole Jacobian, none is made here either.

        Returns:
            None where none is made.
        """
        if self._in_factors:
            return [_seen(factor) for factor in self._factors_at(t)]
        if self._by_products(self._tracked, columns):
            return None
        return [_seen(self._whole(t)[:, : self._tracked, : self._tracked])]

    def _by_products(self, n: int, k: int) -> bool:
        return not (self._offered or n <= _SMALL or k > n // 2)

    def _whole(self, t: int) -> Tensor:
        first, kept = self._kept
        if not first <= t < first + len(kept):
            if not self._offered:
                self._kept = (t, self._automatic(t))
            elif self._in_factors and self._own.jacobian is None:
                self._kept = (t, product_of(self._factors_at(t))[None])
            else:
                self._kept = (t, self._own.whole(self._states[t], self._input(t), self._tracked)[None])
        return self._kept[1][t - self._kept[0]]

    def _product_by_factors(self, t: int, rows: slice, q: Tensor, transposed: bool) -> Tensor:
        factors = self._factors_at(t)
        for factor in reversed(factors) if transposed else factors:
            mine = factor[rows]
            q = torch.matmul(q.mT, mine if transposed else mine.mT).mT
        return q

    def _factors_at(self, t: int) -> list[Tensor]:
        if self._factors[0] != t:
            self._factors = (t, self._own.factors(self._states[t], self._input(t)))
        return self._factors[1]

    def _automatic(self, t: int) -> Tensor:
        """Jacobians of step ``t`` and, for small states, of as many after it as one call may take."""
        try:
            return self._several(t) if self._at_once else self._single(t)
        except NotImplementedError:  # some operation of the step has no forward-mode derivative
            if not self._forward_mode:
                raise
            self._forward_mode = False
        except RuntimeError:  # the step looks at its numbers, which several steps in one call cannot show it
            if not self._at_once:
                raise
            self._at_once = False
        return self._automatic(t)

    def _several(self, t: int) -> Tensor:
        batch, n = self._states[t].shape
        last = t + max(1, _NUMBERS_AT_ONCE // (batch * n * n))
        states = torch.stack(self._states[t:last])
        inputs = None if self._inputs is None else self._inputs[t:last]

        def one(state: Tensor, x: Tensor | None) -> Tensor:
            return _columns(lambda value: self._step(value, x), state, self._forward_mode)

        several: Tensor = vmap(one, in_dims=(0, None if inputs is None else 0))(states, inputs)
        return several

    def _single(self, t: int) -> Tensor:
        x = self._input(t)
        return _columns(lambda value: self._step(value, x), self._states[t], self._forward_mode)[None]

    def _input(self, t: int) -> Tensor | None:
        return None if self._inputs is None else self._inputs[t]

    def _push(self, t: int, tangents: Tensor) -> Tensor:
        state, x = self._states[t], self._input(t)

        def one(tangent: Tensor) -> Tensor:
            product: Tensor = jvp(lambda value: self._step(value, x), (state,), (tangent,))[1]
            return product

        products: Tensor = vmap(one)(tangents)
        return products

    def _pull(self, t: int, cotangents: Tensor) -> Tensor:
        state, x = self._states[t], self._input(t)
        pull = vjp(lambda value: self._step(value, x), state)[1]
        products: Tensor = vmap(lambda cotangent: pull(cotangent)[0])(cotangents)
        return products


def _seen(jacobian: Tensor) -> Tensor:
    """Where the Jacobians ``(batch, n, n)`` of any sequence differ from zero, ``(n, n)``."""
    return (jacobian.detach() != 0).any(dim=0)


def _as_columns(products: Tensor, n: int) -> Tensor:
    """From ``(k, batch, state)`` to column-major ``(batch, n, k)``."""
    return products[:, :, :n].permute(1, 0, 2).contiguous().mT


def _columns(function: Callable[[Tensor], Tensor], at: Tensor, forward_mode: bool) -> Tensor:
    """Jacobians ``(batch, out, in)`` of a function that treats the rows of ``at`` independently."""
    if forward_mode:
        basis = torch.eye(at.shape[1], dtype=at.dtype, device=at.device)[:, None, :].expand(-1, *at.shape)
        columns: Tensor = vmap(lambda tangent: jvp(function, (at,), (tangent,))[1])(basis)
        return columns.permute(1, 2, 0)
    value, pull = vjp(function, at)[:2]
    basis = torch.eye(value.shape[1], dtype=at.dtype, device=at.device)[:, None, :].expand(-1, *value.shape)
    gradients: Tensor = vmap(lambda cotangent: pull(cotangent)[0])(basis)
    return gradients.permute(1, 0, 2)
