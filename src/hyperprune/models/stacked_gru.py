"""Stacked GRU language model (Cho et al. 2014, arXiv 1406.1078), in the form of torch."""

from typing import ClassVar, Literal

from pydantic import Field
from torch import nn

from hyperprune.models.layers.gru_fused import FusedGRU
from hyperprune.models.stacked import Stacked, StackedConfig
from hyperprune.papers import CHO_2014, Paper


class StackedGRU(Stacked):
    """:class:`Stacked` of :class:`FusedGRU`; the state is ``h``."""

    module: ClassVar[type[nn.LSTM | nn.GRU | nn.RNN]] = FusedGRU


class StackedGRUConfig(StackedConfig):
    """Sizes of a stacked GRU."""

    papers: ClassVar[tuple[Paper, ...]] = (CHO_2014,)

    kind: Literal["gru"] = Field("gru", description="Architecture.")

    network: ClassVar[type[Stacked]] = StackedGRU
