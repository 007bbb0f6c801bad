"""Stacked LSTM language model (Zaremba, Sutskever and Vinyals 2014, arXiv 1409.2329)."""

from typing import ClassVar, Literal

from pydantic import Field
from torch import nn

from hyperprune.models.layers.lstm_layered import LayeredLSTM
from hyperprune.models.stacked import Stacked, StackedConfig
from hyperprune.papers import HOCHREITER_1997, ZAREMBA_2014, Paper


class StackedLSTM(Stacked):
    """:class:`Stacked` of :class:`LayeredLSTM`; the state is ``(h, c)``."""

    module: ClassVar[type[nn.LSTM | nn.GRU | nn.RNN]] = LayeredLSTM


class StackedLSTMConfig(StackedConfig):
    """Sizes of a stacked LSTM."""

    papers: ClassVar[tuple[Paper, ...]] = (HOCHREITER_1997, ZAREMBA_2014)

    kind: Literal["stacked-lstm"] = Field("stacked-lstm", description="Architecture.")

    network: ClassVar[type[Stacked]] = StackedLSTM
