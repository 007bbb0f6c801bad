"""``nn.LSTM`` whose layers run one by one where dropout or a narrower type asks for it."""

from torch import Tensor, nn

from hyperprune.models.layers.layered import drops_unseen, layer_by_layer
from hyperprune.models.layers.lstm_narrow import lstm, narrows


class LayeredLSTM(nn.LSTM):
    """``nn.LSTM``, its parameters, names and results, time first and one way."""

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
        if not (narrow or drops_unseen(self, inputs)):
            output: tuple[Tensor, tuple[Tensor, Tensor]] = super().forward(inputs, state)
            return output
        if state is None:
            zero = inputs.new_zeros(self.num_layers, inputs.shape[1], self.hidden_size)
            state = (zero, zero)
        outputs, (h, c) = layer_by_layer(self, lstm, inputs, state)
        return outputs, (h, c)
