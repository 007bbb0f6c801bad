"""The layer of the ordered-neurons LSTM (Shen, Tan, Sordoni and Courville 2019, arXiv 1810.09536)."""

import torch
from torch import Tensor, nn
from torch.nn.functional import dropout, linear

from hyperprune.errors import ConfigurationError
from hyperprune.models.layers.ordered_fused import FusedOrdered
from hyperprune.models.layers.ordered_jacobian import Step, cell_by, hidden_by

State = tuple[Tensor, Tensor]


class OrderedLSTM(nn.Module):
    """An LSTM layer whose units are erased and written in order, by two master gates (equations 9 to 14).

        mf = cumax(W_mf x + R_mf h),  mi = 1 - cumax(W_mi x + R_mi h),  w = mf mi
        F = f w + (mf - w),           I = i w + (mi - w)
        c' = F c + I g,               h' = o tanh(c')

    with i, f, o, g as in an LSTM and cumax the running sum of a softmax. A master gate rules ``chunk`` units
    that lie side by side. The last one has mf = 1 and mi = 0: what its chunk's cells hold is never erased nor
    written, and from a zero state they stay zero, as in the paper. The rows of ``weight_ih`` and
    ``weight_hh`` are mi, mf (units / chunk each), then i, f, o, g: they share one pruning budget a matrix.
    They and their biases start uniform in +-1/sqrt(columns), as in the published code.

    In training each window runs with a share p of ``weight_hh`` at zero (weight-drop, as in an AWD-LSTM); the
    parameter itself keeps its values.

    Differs: kept weights are multiplied by 1 / (1 - p) in training; the published code leaves them and
    multiplies all by 1 - p in evaluation. Its weights are ours times 1 / (1 - p): the same function in both
    modes, but they start, decay and step at another scale.

    Args:
        features: of an input.
        units: H.
        share: probability of a recurrent weight to be dropped, in [0, 1).
        chunk: units that share a master gate; divides ``units``.
        fused: whether the loop over time has its derivative written by hand; False leaves it to autograd,
            slower, but differentiable more than once.
    """

    def __init__(
        self, features: int, units: int, share: float = 0.0, *, chunk: int = 1, fused: bool = True
    ) -> None:
        super().__init__()
        if chunk < 1 or units % chunk:
            raise ConfigurationError(
                f"the chunk must divide the units of every layer, got {chunk} for {units}: choose a divisor"
            )
        self.features, self.hidden_size, self.state_size = features, units, 2 * units
        self.share, self.masters, self.fused = share, units // chunk, fused
        self.gate_rows = dict.fromkeys(("master_input", "master_forget"), self.masters)
        self.gate_rows |= dict.fromkeys(("input", "forget", "output", "cell"), units)
        rows = sum(self.gate_rows.values())
        self.weight_ih = nn.Parameter(torch.empty(rows, features))
        self.weight_hh = nn.Parameter(torch.empty(rows, units))
        self.bias_ih = nn.Parameter(torch.empty(rows))
        self.bias_hh = nn.Parameter(torch.empty(rows))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the weights anew, from torch's global generator."""
        for name, parameter in self.named_parameters():
            bound = (self.features if name.endswith("_ih") else self.hidden_size) ** -0.5
            nn.init.uniform_(parameter, -bound, bound)

    def forward(self, inputs: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """Outputs ``(time, batch, units)`` and the last state ``(h, c)``, each ``(batch, units)``.

        Args:
            inputs: ``(time, batch, features)``.
            state: ``(h, c)``; zero if left out.
        """
        if state is None:
            zero = inputs.new_zeros(inputs.shape[1], self.hidden_size)
            state = (zero, zero)
        h, c = state
        weight = dropout(self.weight_hh, self.share, self.training)
        # autocast narrows the product alone
        driven = linear(inputs, self.weight_ih, self.bias_ih + self.bias_hh).to(h.dtype)
        if self.fused:
            outputs, h, c = FusedOrdered.apply(driven, weight, h, c, self.masters)
            return outputs, (h, c)
        steps = []
        for drive in driven:
            h, c, _ = self._next(drive + linear(h, weight), c)
            steps.append(h)
        return torch.stack(steps), (h, c)

    def step(self, state: Tensor, x: Tensor | None) -> Tensor:
        """One step without weight-drop; (h, c) side by side ``(batch, 2 units)``, x ``(batch, features)``."""
        h, c = state.split(self.hidden_size, dim=1)
        return torch.cat(self._next(self._sums(h, x), c)[:2], dim=1)

    def hidden_jacobian(self, state: Tensor, x: Tensor | None) -> Tensor:
        """The Jacobian dh'/dh with c held fixed, ``(batch, units, units)``."""
        return hidden_by(self._made(state, x), self._parts(self.weight_hh))

    def jacobian(self, state: Tensor, x: Tensor | None) -> Tensor:
        """The Jacobian of (h', c') by (h, c), ``(batch, 2 units, 2 units)``."""
        made, parts = self._made(state, x), self._parts(self.weight_hh)
        above = torch.cat([hidden_by(made, parts), torch.diag_embed(made.slope * made.kept)], dim=2)
        below = torch.cat([cell_by(made, parts), torch.diag_embed(made.kept)], dim=2)
        return torch.cat([above, below], dim=1)

    def input_jacobian(self, state: Tensor, x: Tensor) -> Tensor:
        """The Jacobian of (h', c') by x, ``(batch, 2 units, features)``."""
        made, parts = self._made(state, x), self._parts(self.weight_ih)
        return torch.cat([hidden_by(made, parts), cell_by(made, parts)], dim=1)

    def _made(self, state: Tensor, x: Tensor | None) -> Step:
        h, c = state.split(self.hidden_size, dim=1)
        return self._next(self._sums(h, x), c)[2]

    def _sums(self, h: Tensor, x: Tensor | None) -> Tensor:
        """Sums of all rows before their nonlinearities, ``(batch, rows)``."""
        sums = linear(h, self.weight_hh, self.bias_ih + self.bias_hh)
        return sums if x is None else sums + linear(x, self.weight_ih)

    def _parts(self, rows: Tensor, dim: int = 0) -> tuple[Tensor, ...]:
        """What is stacked in the rows: mi, mf, i, f, o, g."""
        parts: tuple[Tensor, ...] = rows.split(list(self.gate_rows.values()), dim=dim)
        return parts

    def _next(self, sums: Tensor, c: Tensor) -> tuple[Tensor, Tensor, Step]:
        """New h and c, and what they were made of."""
        master_i, master_f, i, f, o, g = self._parts(sums, dim=1)
        soft_i, soft_f = master_i.softmax(dim=1), master_f.softmax(dim=1)
        chunk = self.hidden_size // self.masters
        master_i = 1 - soft_i.cumsum(dim=1).repeat_interleave(chunk, dim=1)
        master_f = soft_f.cumsum(dim=1).repeat_interleave(chunk, dim=1)
        i, f, o, g = i.sigmoid(), f.sigmoid(), o.sigmoid(), g.tanh()
        overlap = master_i * master_f
        new_c = (f * overlap + master_f - overlap) * c + (i * overlap + master_i - overlap) * g
        made = Step(c, new_c, i, f, o, g, master_i, master_f, soft_i, soft_f)
        return o * new_c.tanh(), new_c, made
