"""The layer of the recurrent highway network (Zilly et al. 2017, arXiv 1607.03474, equations 6 to 9)."""

from collections.abc import Iterator
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn.functional import linear

from hyperprune.errors import ConfigurationError
from hyperprune.models.layers.dropout import locked_mask
from hyperprune.models.layers.highway_fused import FusedHighway
from hyperprune.models.layers.row_scaled import row_scaled_sum


class RecurrentHighway(nn.Module):
    """A recurrent layer whose step passes its state through ``depth`` highway layers.

    With s_0 the state before the step, x the input and [d = 1] the input's part of the first depth alone,

        h_d = tanh(W_h x [d = 1] + R_h,d s_(d-1) + b_h,d)
        t_d = sigmoid(W_t x [d = 1] + R_t,d s_(d-1) + b_t,d)
        s_d = h_d t_d + s_(d-1) c_d,    c_d = 1 - t_d, or a third gate like t_d

    and s_depth is the new state. The gates of one depth lie stacked in one matrix ``weight_hh_d<d>``, in the
    order h, t, c, as torch stacks those of an LSTM: they share one pruning budget.

    The mask of the state (``dropout``) is drawn once a window for all steps and depths; it acts on what
    enters the products, the carried state is not masked. Weights and biases start uniform in
    +-1/sqrt(columns of their matrix), as in the code published with Selfish-RNN (Liu et al. 2021).

    Differs: Zilly et al. start the biases of t below 0, so that a step begins by carrying; ``transform_bias``
    = -2 does that, with those of c at 2 and all others at 0.

    Args:
        features: of an input.
        hidden: units.
        depth: highway layers in a step.
        coupled: whether c = 1 - t.
        dropout: share of the state's entries dropped.
        transform_bias: what the biases of t start at; None for uniform ones.
        fused: whether the loop over time has its derivative written by hand; False leaves it to autograd,
            slower, but differentiable more than once.
    """

    # The published code of its spectrum (Zheng and Shlizerman 2025) transposes the Jacobian once more.
    published_direction: ClassVar[str] = "forward"

    def __init__(
        self,
        features: int,
        hidden: int,
        depth: int,
        *,
        coupled: bool = True,
        dropout: float = 0.0,
        transform_bias: float | None = None,
        fused: bool = True,
    ) -> None:
        super().__init__()
        if depth < 1:
            raise ConfigurationError(
                f"a highway step needs a depth of at least 1, got {depth}: give 1 or more"
            )
        self.features, self.depth, self.coupled = features, depth, coupled
        self.state_size = self.hidden_size = hidden
        self.dropout, self.fused, self.transform_bias = dropout, fused, transform_bias
        names = ("hidden", "transform") if coupled else ("hidden", "transform", "carry")
        self.gate_rows = dict.fromkeys(names, hidden)
        rows = len(names) * hidden
        self.weight_ih = nn.Parameter(torch.empty(rows, features))
        self.bias_ih = nn.Parameter(torch.empty(rows))
        for d in range(depth):
            self.register_parameter(f"weight_hh_d{d}", nn.Parameter(torch.empty(rows, hidden)))
            self.register_parameter(f"bias_hh_d{d}", nn.Parameter(torch.empty(rows)))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the weights anew, from torch's global generator."""
        for name, parameter in self.named_parameters():
            bound = (self.features if "_ih" in name else self.hidden_size) ** -0.5
            nn.init.uniform_(parameter, -bound, bound)
            if self.transform_bias is None or name.startswith("weight"):
                continue
            with torch.no_grad():
                parameter.zero_()
                if name != "bias_ih":
                    parameter[self.hidden_size : 2 * self.hidden_size] = self.transform_bias
                    parameter[2 * self.hidden_size :] = -self.transform_bias

    def forward(self, inputs: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Outputs ``(time, batch, hidden)`` and the state ``(batch, hidden)`` after the last step.

        Args:
            inputs: ``(time, batch, features)``.
            state: ``(batch, hidden)``; zero if left out.
        """
        if state is None:
            state = inputs.new_zeros(inputs.shape[1], self.hidden_size)
        mask = locked_mask(state, self.dropout, self.training)
        weights, biases = self._recurrent()
        # autocast narrows the product alone
        driven = linear(inputs, self.weight_ih, self.bias_ih + biases[0]).to(state.dtype)
        if self.fused:
            result: tuple[Tensor, Tensor] = FusedHighway.apply(
                driven, state, mask, self.depth, *weights, *biases[1:]
            )
            return result
        steps = []
        for drive in driven:
            state = self._deep(drive, state, mask)
            steps.append(state)
        return torch.stack(steps), state

    def step(self, state: Tensor, x: Tensor | None) -> Tensor:
        """One step without dropout: ``(batch, hidden)`` from state and input ``(batch, features)``."""
        return self._deep(self._drive(x, state), state, None)

    def jacobian_factors(self, state: Tensor, x: Tensor | None) -> list[Tensor]:
        """Matrices ``(batch, hidden, hidden)``, one a depth, whose product, last first, is ds'/ds.

        A factor is diag(c) + diag(t (1 - h^2)) R_h + diag((h - s) t (1 - t)) R_t: a sum of row-scaled
        matrices, O(hidden^2), in place of the product with each of R_h and R_t that derivatives without a
        closed form take.
        """
        return [
            row_scaled_sum(scales, weight.split(self.hidden_size)) + torch.diag_embed(carried)
            for scales, carried, weight in self._coefficients(state, x)
        ]

    def jacobian(self, state: Tensor, x: Tensor | None) -> Tensor:
        """The Jacobian ds'/ds, ``(batch, hidden, hidden)``."""
        first, *later = self.jacobian_factors(state, x)
        for factor in later:
            first = factor @ first
        return first

    def input_jacobian(self, state: Tensor, x: Tensor) -> Tensor:
        """The Jacobian ds'/dx, ``(batch, hidden, features)``."""
        scales = next(self._coefficients(state, x))[0]
        result = row_scaled_sum(scales, self.weight_ih.split(self.hidden_size))
        for factor in self.jacobian_factors(state, x)[1:]:
            result = factor @ result
        return result

    def _recurrent(self) -> tuple[list[Tensor], list[Tensor]]:
        weights = [getattr(self, f"weight_hh_d{d}") for d in range(self.depth)]
        return weights, [getattr(self, f"bias_hh_d{d}") for d in range(self.depth)]

    def _drive(self, x: Tensor | None, state: Tensor) -> Tensor:
        bias: Tensor = self.bias_ih + self._recurrent()[1][0]
        return bias.expand(len(state), -1) if x is None else linear(x, self.weight_ih, bias)

    def _deep(self, drive: Tensor, state: Tensor, mask: Tensor | None) -> Tensor:
        *_, last = self._levels(drive, state, mask)
        return last[-1]

    def _levels(self, drive: Tensor, state: Tensor, mask: Tensor | None) -> Iterator[tuple[Tensor, ...]]:
        """h, t, c, the state before and the state after every depth."""
        weights, biases = self._recurrent()
        for d in range(self.depth):
            fed = state if mask is None else state * mask
            sums = linear(fed, weights[d]) + (drive if d == 0 else biases[d])
            parts = sums.split(self.hidden_size, dim=1)
            h, t = parts[0].tanh(), parts[1].sigmoid()
            c = 1 - t if self.coupled else parts[2].sigmoid()
            before, state = state, h * t + state * c
            yield h, t, c, before, state

    def _coefficients(self, state: Tensor, x: Tensor | None) -> Iterator[tuple[list[Tensor], Tensor, Tensor]]:
        """By depth: the scales of its gates' matrices, each ``(batch, hidden)``, c, and its matrix."""
        weights, _ = self._recurrent()
        levels = self._levels(self._drive(x, state), state, None)
        for (h, t, c, before, _), weight in zip(levels, weights, strict=True):
            by_h = t * (1 - h * h)
            if self.coupled:
                scales = [by_h, (h - before) * t * (1 - t)]
            else:
                scales = [by_h, h * t * (1 - t), before * c * (1 - c)]
            yield scales, c, weight
