"""Stacked recurrent language models around a module of torch (Zaremba et al. 2014, arXiv 1409.2329)."""

from typing import Any, ClassVar

from pydantic import Field
from torch import Tensor, nn

from hyperprune.models.config import ModelConfig
from hyperprune.models.decoding.start import check_tied, start_decoder
from hyperprune.models.language_model import LanguageModel
from hyperprune.models.reading import Activations


class Stacked(LanguageModel):
    """Embedding, stacked recurrent layers, linear decoder, dropout on every connection that is not recurrent.

    Embedding and decoder start uniform in +-0.1, the decoder's bias at zero, the recurrent layers uniform in
    +-1/sqrt(hidden), as the published recipe does. A subclass says which module of torch runs.

    Args:
        types: size of the vocabulary.
        embedding: features of an embedded token.
        hidden: units of each layer.
        layers: number of layers.
        dropout: share of entries dropped after the embedding, between layers and before the decoder.
        tied: the decoder uses the embedding matrix, which then needs ``embedding == hidden``.
    """

    module: ClassVar[type[nn.LSTM | nn.GRU | nn.RNN]]

    def __init__(
        self,
        types: int,
        *,
        embedding: int,
        hidden: int,
        layers: int = 2,
        dropout: float = 0.0,
        tied: bool = False,
    ) -> None:
        super().__init__()
        check_tied(tied, embedding, hidden)
        self.dropout = nn.Dropout(dropout)
        self.embedding = nn.Embedding(types, embedding)
        self.recurrent = self.module(embedding, hidden, layers, dropout=dropout if layers > 1 else 0.0)
        self.decoder = nn.Linear(hidden, types)
        nn.init.uniform_(self.embedding.weight, -0.1, 0.1)
        start_decoder(self.decoder, self.embedding, tied)

    def activations(self, tokens: Tensor, state: Any = None) -> Activations:
        """Up to the decoder; the state is that of the recurrent module, ``(layers, batch, hidden)``, for an
        LSTM a pair of those.
        """
        hidden, state = self.recurrent(self.dropout(self.embed(tokens)), state)
        return Activations(state, hidden, self.dropout(hidden))


class StackedConfig(ModelConfig):
    """Sizes that all stacked networks have; each kind is a subclass."""

    embedding: int = Field(128, ge=1, le=100_000, description="Features of an embedded token.")
    hidden: int = Field(128, ge=1, le=100_000, description="Units of each recurrent layer.")
    layers: int = Field(2, ge=1, le=100, description="Recurrent layers.")
    dropout: float = Field(0.2, ge=0, lt=1, description="Dropout on connections that are not recurrent.")
    tied: bool = Field(False, description="Decoder and embedding share one matrix.")

    network: ClassVar[type[Stacked]]

    def build(self, types: int) -> Stacked:
        """The network."""
        return self.network(
            types,
            embedding=self.embedding,
            hidden=self.hidden,
            layers=self.layers,
            dropout=self.dropout,
            tied=self.tied,
        )
