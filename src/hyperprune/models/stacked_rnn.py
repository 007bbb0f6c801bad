"""Stacked tanh RNN language model (Elman 1990; Mikolov et al. 2010)."""

from typing import ClassVar, Literal

from pydantic import Field
from torch import nn

from hyperprune.models.layers.rnn_fused import FusedRNN
from hyperprune.models.stacked import Stacked, StackedConfig
from hyperprune.papers import ELMAN_1990, Paper


class StackedRNN(Stacked):
    """:class:`Stacked` of :class:`FusedRNN`; the state is ``h``."""

    module: ClassVar[type[nn.LSTM | nn.GRU | nn.RNN]] = FusedRNN


class StackedRNNConfig(StackedConfig):
    """Sizes of a stacked tanh RNN."""

    papers: ClassVar[tuple[Paper, ...]] = (ELMAN_1990,)

    kind: Literal["rnn"] = Field("rnn", description="Architecture.")

    network: ClassVar[type[Stacked]] = StackedRNN
