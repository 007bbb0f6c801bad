"""AWD-LSTM language model (Merity, Keskar and Socher 2018, arXiv 1708.02182)."""

from collections.abc import Callable
from typing import ClassVar, Literal, Unpack

from pydantic import Field
from torch import nn

from hyperprune.models.awd import AWD, AWDConfig, AWDSizes
from hyperprune.models.decoding.start import check_tied, start_decoder
from hyperprune.models.layers.weight_drop import WeightDropLSTM
from hyperprune.papers import GAL_GHAHRAMANI_2016, HOCHREITER_1997, MERITY_2018, Paper


class AWDLSTM(AWD):
    """:class:`AWD` with a linear decoder, whose bias starts at zero.

    Args:
        types: size of the vocabulary.
        tied: the decoder uses the embedding matrix; the last layer then has ``embedding`` units.
        layer: see :class:`AWD`.
        given: see :class:`AWDSizes`.
    """

    def __init__(
        self,
        types: int,
        *,
        tied: bool = True,
        layer: Callable[[int, int, float], nn.Module] = WeightDropLSTM,
        **given: Unpack[AWDSizes],
    ) -> None:
        last = given["sizes"][-1]
        check_tied(tied, given["embedding"], last)
        super().__init__(types, layer=layer, **given)
        self.decoder = nn.Linear(last, types)
        start_decoder(self.decoder, self.embedding, tied)


class AWDLSTMConfig(AWDConfig):
    """Sizes and dropouts of an AWD-LSTM. If tied, the last layer has ``embedding`` units."""

    papers: ClassVar[tuple[Paper, ...]] = (HOCHREITER_1997, MERITY_2018, GAL_GHAHRAMANI_2016)

    kind: Literal["awd-lstm"] = Field("awd-lstm", description="Architecture.")
    tied: bool = Field(True, description="Decoder and embedding share one matrix.")

    @property
    def shape(self) -> AWDSizes:
        """What the network is built with."""
        last = self.embedding if self.tied else self.hidden
        sizes = (*[self.hidden] * (self.layers - 1), last)
        return AWDSizes(embedding=self.embedding, sizes=sizes, dropouts=self.dropouts)

    def build(self, types: int) -> AWDLSTM:
        """The network."""
        return AWDLSTM(types, tied=self.tied, **self.shape)
