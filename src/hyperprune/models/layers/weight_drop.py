"""Weight-drop: DropConnect on an LSTM's hidden-to-hidden matrix (Merity et al. 2018, arXiv 1708.02182)."""

from torch import Tensor, nn
from torch.nn.functional import dropout

from hyperprune.models.layers.lstm_narrow import lstm, narrows


class WeightDropLSTM(nn.LSTM):
    """One LSTM layer that in training runs each window with a share of its recurrent weights at zero.

    One mask holds for all time steps and sequences of a window; what stays is scaled by 1 / (1 - share).
    The parameters are those of ``nn.LSTM`` under its names, and the mask is never written to them: they
    are what is pruned, stored and, in evaluation, used. A weight that is pruned is 0 and stays 0 here.

    Differs: the published code keeps the raw matrix under another name and rebinds the dropped one.

    Args:
        inputs: features of an input.
        hidden: units.
        share: probability of a recurrent weight to be dropped, in [0, 1).
    """

    def __init__(self, inputs: int, hidden: int, share: float) -> None:
        super().__init__(inputs, hidden)
        self.share = share

    def forward(  # type: ignore[override]  # torch's overloads also take packed sequences
        self, inputs: Tensor, state: tuple[Tensor, Tensor] | None = None
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """Outputs ``(time, batch, hidden)`` and the last state ``(h, c)``, each ``(1, batch, hidden)``.

        Args:
            inputs: ``(time, batch, features)``.
            state: ``(h, c)``; zero if left out.
        """
        if not self.training or (self.share == 0 and not narrows(self.get_parameter("weight_hh_l0"))):
            output: tuple[Tensor, tuple[Tensor, Tensor]] = super().forward(inputs, state)
            return output
        if state is None:
            zero = inputs.new_zeros(1, inputs.shape[1], self.hidden_size)
            state = (zero, zero)
        # as nn.LSTM names them: input, recurrent, and the biases of both
        weights: list[Tensor] = list(self.parameters())
        weights[1] = dropout(weights[1], self.share, training=True)
        # as torch's kernel: (input, state, weights, bias, layers, dropout, training, two ways, batch first)
        outputs, h, c = lstm(inputs, state, weights, True, 1, 0.0, True, False, False)
        return outputs, (h, c)

    def extra_repr(self) -> str:
        """Sizes and share, for ``repr``."""
        return f"{super().extra_repr()}, share={self.share}"
