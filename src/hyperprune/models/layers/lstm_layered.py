"""``nn.LSTM`` with less around its call, and whose layers run one by one where something asks for it."""

from torch import _VF, Tensor, nn

from hyperprune.models.layers.layered import drops_unseen, layer_by_layer
from hyperprune.models.layers.lstm_narrow import lstm, narrows


class LayeredLSTM(nn.LSTM):
    """``nn.LSTM``, its parameters, names and results, time first and one way.

    Layers run one by one where dropout or a narrower type asks for it.
    """

    weight_hh_l0: nn.Parameter  # torch makes it

    def forward(  # type: ignore[override]  # torch's overloads also take packed sequences
        self, inputs: Tensor, state: tuple[Tensor, Tensor] | None = None
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """Outputs ``(time, batch, hidden)`` and the last state ``(h, c)``.

        Args:
            inputs: ``(time, batch, features)``.
            state: each ``(layers, batch, hidden)``; zero if left out.
        """
        narrow = self.training and narrows(self.weight_hh_l0)
        if narrow or drops_unseen(self, inputs):
            if state is None:
                zero = inputs.new_zeros(self.num_layers, inputs.shape[1], self.hidden_size)
                state = (zero, zero)
            outputs, (h, c) = layer_by_layer(self, lstm, inputs, state)
            return outputs, (h, c)
        weights = self._at_hand()
        if state is None or weights is None or not self._fits(inputs, state):
            found: tuple[Tensor, tuple[Tensor, Tensor]] = super().forward(inputs, state)
            return found
        # torch's own forward looks at all that it is given and has, which shows in a small network's step
        choices = (self.bias, self.num_layers, self.dropout, self.training, False, False)
        outputs, h, c = _VF.lstm(inputs, state, weights, *choices)
        return outputs, (h, c)

    def _at_hand(self) -> list[Tensor] | None:
        """The weights in the order of the kernel; none if one is no parameter, such as a parametrised one."""
        found = list(map(self._parameters.get, self._flat_weights_names))
        weights: list[Tensor] = [weight for weight in found if weight is not None]
        return weights if len(weights) == len(found) else None

    def _fits(self, inputs: Tensor, state: tuple[Tensor, Tensor]) -> bool:
        """Whether torch's own forward would find no fault with these."""
        if inputs.dim() != 3 or inputs.shape[2] != self.input_size or inputs.dtype != self.weight_hh_l0.dtype:
            return False
        size = (self.num_layers, inputs.shape[1], self.hidden_size)
        return len(state) == 2 and state[0].shape == size and state[1].shape == size
