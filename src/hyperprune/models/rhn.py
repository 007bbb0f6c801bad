"""Recurrent highway network language model (Zilly et al. 2017, arXiv 1607.03474)."""

from typing import ClassVar, Literal

from pydantic import Field
from torch import Tensor, nn

from hyperprune.models.config import ModelConfig
from hyperprune.models.decoding.start import check_tied, start_decoder
from hyperprune.models.language_model import LanguageModel
from hyperprune.models.layers.dropout import LockedDropout, embed_with_dropout
from hyperprune.models.layers.highway import RecurrentHighway
from hyperprune.models.reading import Activations
from hyperprune.papers import GAL_GHAHRAMANI_2016, ZILLY_2017, Paper


class RHN(LanguageModel):
    """Embedding, one recurrent highway layer, decoder; variational dropout.

    Four masks, each locked over the time steps of a window (Gal and Ghahramani 2016): of word types, of
    embedded inputs, of the state where it enters a product, and of outputs. Embedding and decoder start
    uniform in +-0.1, the decoder's bias at zero.

    Args:
        types: size of the vocabulary.
        embedding: features of an embedded token.
        hidden: units.
        depth: highway layers in a step.
        coupled: whether the carry gate is 1 - the transform gate.
        tied: the decoder uses the embedding matrix, which then needs ``embedding == hidden``.
        dropout: share of output entries dropped.
        hidden_dropout: of state entries.
        input_dropout: of embedded features.
        embedding_dropout: of word types.
        fused: see :class:`RecurrentHighway`.
    """

    def __init__(
        self,
        types: int,
        *,
        embedding: int,
        hidden: int,
        depth: int = 10,
        coupled: bool = True,
        tied: bool = True,
        dropout: float = 0.0,
        hidden_dropout: float = 0.0,
        input_dropout: float = 0.0,
        embedding_dropout: float = 0.0,
        fused: bool = True,
    ) -> None:
        super().__init__()
        check_tied(tied, embedding, hidden)
        self.embedding_share = embedding_dropout
        self.input_dropout, self.dropout = LockedDropout(input_dropout), LockedDropout(dropout)
        self.embedding = nn.Embedding(types, embedding)
        self.recurrent = RecurrentHighway(
            embedding, hidden, depth, coupled=coupled, dropout=hidden_dropout, fused=fused
        )
        self.decoder = nn.Linear(hidden, types)
        nn.init.uniform_(self.embedding.weight, -0.1, 0.1)
        start_decoder(self.decoder, self.embedding, tied)

    def activations(self, tokens: Tensor, state: Tensor | None = None) -> Activations:
        """Up to the decoder; the state is ``(batch, hidden)``."""
        inputs = embed_with_dropout(self.embedding, tokens, self.embedding_share, self.training)
        hidden, state = self.recurrent(self.input_dropout(inputs), state)
        return Activations(state, hidden, self.dropout(hidden))


class RHNConfig(ModelConfig):
    """Sizes and dropouts of a recurrent highway network."""

    papers: ClassVar[tuple[Paper, ...]] = (ZILLY_2017, GAL_GHAHRAMANI_2016)

    kind: Literal["rhn"] = Field("rhn", description="Architecture.")
    embedding: int = Field(128, ge=1, le=100_000, description="Features of an embedded token.")
    hidden: int = Field(128, ge=1, le=100_000, description="Units of the recurrent layer.")
    depth: int = Field(5, ge=1, le=100, description="Highway layers in a step.")
    coupled: bool = Field(
        True, description="The carry gate is 1 - the transform gate (true) or a separate gate (false)."
    )
    tied: bool = Field(True, description="Decoder and embedding share one matrix.")
    dropout: float = Field(0.2, ge=0, lt=1, description="Dropout on the layer's outputs.")
    hidden_dropout: float = Field(0.1, ge=0, lt=1, description="Dropout on the state that enters products.")
    input_dropout: float = Field(0.1, ge=0, lt=1, description="Dropout on embedded tokens.")
    embedding_dropout: float = Field(0.0, ge=0, lt=1, description="Share of word types that is dropped.")

    def build(self, types: int) -> RHN:
        """The network."""
        return RHN(types, **self.model_dump(exclude={"kind"}))
