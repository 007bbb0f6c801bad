"""Ordered-neurons LSTM language model (Shen et al. 2019, arXiv 1810.09536)."""

from collections.abc import Sequence
from functools import partial
from typing import ClassVar, Literal

from pydantic import Field

from hyperprune.models.awd import Dropouts
from hyperprune.models.awd_lstm import AWDLSTM, AWDLSTMConfig
from hyperprune.models.layers.ordered import OrderedLSTM
from hyperprune.papers import GAL_GHAHRAMANI_2016, MERITY_2018, SHEN_2019, Paper


class ONLSTM(AWDLSTM):
    """:class:`AWDLSTM` whose layers are ordered-neurons LSTMs, as the paper builds it.

    Args:
        types: size of the vocabulary.
        embedding: features of an embedded token.
        sizes: units of each layer; those of the last are ``embedding`` where the decoder is tied.
        dropouts: see :class:`Dropouts`.
        tied: the decoder uses the embedding matrix.
        chunk: units that share a master gate; divides every size.
        fused: see :class:`OrderedLSTM`.
    """

    def __init__(
        self,
        types: int,
        *,
        embedding: int,
        sizes: Sequence[int],
        dropouts: Dropouts,
        tied: bool = True,
        chunk: int = 10,
        fused: bool = True,
    ) -> None:
        layer = partial(OrderedLSTM, chunk=chunk, fused=fused)
        super().__init__(types, embedding=embedding, sizes=sizes, dropouts=dropouts, tied=tied, layer=layer)


class ONLSTMConfig(AWDLSTMConfig):
    """Sizes and dropouts of an ON-LSTM. If tied, the last layer has ``embedding`` units."""

    papers: ClassVar[tuple[Paper, ...]] = (SHEN_2019, MERITY_2018, GAL_GHAHRAMANI_2016)

    kind: Literal["on-lstm"] = Field("on-lstm", description="Architecture.")  # type: ignore[assignment]
    chunk: int = Field(8, ge=1, description="Units that share a master gate; divides every layer's units.")

    def build(self, types: int) -> ONLSTM:
        """The network."""
        last = self.embedding if self.tied else self.hidden
        return ONLSTM(
            types,
            embedding=self.embedding,
            sizes=(*[self.hidden] * (self.layers - 1), last),
            dropouts=self.dropouts,
            tied=self.tied,
            chunk=self.chunk,
        )
