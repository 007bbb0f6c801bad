"""Ordered-neurons LSTM language model (Shen et al. 2019, arXiv 1810.09536)."""

from functools import partial
from typing import ClassVar, Literal, Unpack

from pydantic import Field

from hyperprune.models.awd import AWDSizes
from hyperprune.models.awd_lstm import AWDLSTM, AWDLSTMConfig
from hyperprune.models.layers.ordered import OrderedLSTM
from hyperprune.papers import GAL_GHAHRAMANI_2016, MERITY_2018, SHEN_2019, Paper


class ONLSTM(AWDLSTM):
    """:class:`AWDLSTM` whose layers are ordered-neurons LSTMs, as the paper builds it.

    Args:
        types: size of the vocabulary.
        tied: see :class:`AWDLSTM`.
        chunk: units that share a master gate; divides every size.
        fused: see :class:`OrderedLSTM`.
        given: see :class:`AWDSizes`.
    """

    def __init__(
        self,
        types: int,
        *,
        tied: bool = True,
        chunk: int = 10,
        fused: bool = True,
        **given: Unpack[AWDSizes],
    ) -> None:
        super().__init__(types, tied=tied, layer=partial(OrderedLSTM, chunk=chunk, fused=fused), **given)


class ONLSTMConfig(AWDLSTMConfig):
    """Sizes and dropouts of an ON-LSTM. If tied, the last layer has ``embedding`` units."""

    papers: ClassVar[tuple[Paper, ...]] = (SHEN_2019, MERITY_2018, GAL_GHAHRAMANI_2016)

    kind: Literal["on-lstm"] = Field("on-lstm", description="Architecture.")  # type: ignore[assignment]
    chunk: int = Field(8, ge=1, description="Units that share a master gate; divides every layer's units.")

    def build(self, types: int) -> ONLSTM:
        """The network."""
        return ONLSTM(types, tied=self.tied, chunk=self.chunk, **self.shape)
