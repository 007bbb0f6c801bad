"""AWD-LSTM language model (Merity, Keskar and Socher 2018, arXiv 1708.02182)."""

from collections.abc import Callable, Sequence
from typing import ClassVar, Literal

from pydantic import Field
from torch import nn

from hyperprune.errors import ConfigurationError
from hyperprune.models.awd import AWD, AWDConfig, Dropouts
from hyperprune.models.layers.weight_drop import WeightDropLSTM
from hyperprune.papers import GAL_GHAHRAMANI_2016, HOCHREITER_1997, MERITY_2018, Paper


class AWDLSTM(AWD):
    """:class:`AWD` with a linear decoder, whose bias starts at zero.

    Args:
        types: size of the vocabulary.
        embedding: features of an embedded token.
        sizes: units of each layer; those of the last are ``embedding`` where the decoder is tied.
        dropouts: see :class:`Dropouts`.
        tied: the decoder uses the embedding matrix.
        layer: see :class:`AWD`.
    """

    def __init__(
        self,
        types: int,
        *,
        embedding: int,
        sizes: Sequence[int],
        dropouts: Dropouts,
        tied: bool = True,
        layer: Callable[[int, int, float], nn.Module] = WeightDropLSTM,
    ) -> None:
        if tied and sizes[-1] != embedding:
            raise ConfigurationError(
                f"tied weights need a last layer of embedding units, got {sizes[-1]} and {embedding}: make "
                "them equal or set tied to false"
            )
        super().__init__(types, embedding=embedding, sizes=sizes, dropouts=dropouts, layer=layer)
        self.decoder = nn.Linear(sizes[-1], types)
        nn.init.uniform_(self.decoder.weight, -0.1, 0.1)
        nn.init.zeros_(self.decoder.bias)
        if tied:
            self.decoder.weight = self.embedding.weight


class AWDLSTMConfig(AWDConfig):
    """Sizes and dropouts of an AWD-LSTM. If tied, the last layer has ``embedding`` units."""

    papers: ClassVar[tuple[Paper, ...]] = (HOCHREITER_1997, MERITY_2018, GAL_GHAHRAMANI_2016)

    kind: Literal["awd-lstm"] = Field("awd-lstm", description="Architecture.")
    tied: bool = Field(True, description="Decoder and embedding share one matrix.")

    def build(self, types: int) -> AWDLSTM:
        """The network."""
        last = self.embedding if self.tied else self.hidden
        return AWDLSTM(
            types,
            embedding=self.embedding,
            sizes=(*[self.hidden] * (self.layers - 1), last),
            dropouts=self.dropouts,
            tied=self.tied,
        )
