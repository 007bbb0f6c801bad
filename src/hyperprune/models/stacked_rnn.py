"""Stacked tanh RNN language model (Elman 1990; Mikolov et al. 2010)."""

from typing import ClassVar, Literal

from pydantic import Field
from torch import nn

from hyperprune.models.stacked import Stacked, StackedConfig


class StackedRNN(Stacked):
    """:class:`Stacked` of ``nn.RNN`` with tanh; the state is ``h``."""

    module: ClassVar[type[nn.LSTM | nn.GRU | nn.RNN]] = nn.RNN


class StackedRNNConfig(StackedConfig):
    """Sizes of a stacked tanh RNN."""

    kind: Literal["rnn"] = Field("rnn", description="Architecture.")

    network: ClassVar[type[Stacked]] = StackedRNN
