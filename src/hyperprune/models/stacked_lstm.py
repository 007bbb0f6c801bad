"""Stacked LSTM language model (Zaremba, Sutskever and Vinyals 2014, arXiv 1409.2329)."""

from typing import Literal

from pydantic import Field
from torch import Tensor, nn

from hyperprune.errors import ConfigurationError
from hyperprune.models.config import ModelConfig

State = tuple[Tensor, Tensor]


class StackedLSTM(nn.Module):
    """Embedding, stacked LSTM layers, linear decoder, dropout on every connection that is not recurrent.

    Embedding and decoder start uniform in +-0.1, the decoder's bias at zero, the LSTM uniform in
    +-1/sqrt(hidden), as the published recipe does.

    Args:
        types: size of the vocabulary.
        embedding: features of an embedded token.
        hidden: units of each layer.
        layers: number of layers.
        dropout: share of entries dropped after the embedding, between layers and before the decoder.
        tied: the decoder uses the embedding matrix, which then needs ``embedding == hidden``.
    """

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
        if tied and embedding != hidden:
            raise ConfigurationError(
                f"tied weights need embedding == hidden, got {embedding} and {hidden}: make them equal "
                "or set tied to false"
            )
        self.dropout = nn.Dropout(dropout)
        self.embedding = nn.Embedding(types, embedding)
        self.recurrent = nn.LSTM(embedding, hidden, layers, dropout=dropout if layers > 1 else 0.0)
        self.decoder = nn.Linear(hidden, types)
        nn.init.uniform_(self.embedding.weight, -0.1, 0.1)
        nn.init.uniform_(self.decoder.weight, -0.1, 0.1)
        nn.init.zeros_(self.decoder.bias)
        if tied:
            self.decoder.weight = self.embedding.weight

    def embed(self, tokens: Tensor) -> Tensor:
        """Inputs of the recurrent part, without dropout: ``(time, batch)`` to ``(time, batch, features)``."""
        features: Tensor = self.embedding(tokens)
        return features

    def forward(self, tokens: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """Logits of the next token.

        Args:
            tokens: ``(time, batch)``, int64.
            state: ``(h, c)``, each ``(layers, batch, hidden)``; zero if left out.

        Returns:
            Logits ``(time, batch, types)`` and the state after the last step.
        """
        output, state = self.recurrent(self.dropout(self.embed(tokens)), state)
        logits: Tensor = self.decoder(self.dropout(output))
        return logits, state


class StackedLSTMConfig(ModelConfig):
    """Sizes of a stacked LSTM."""

    kind: Literal["stacked-lstm"] = Field("stacked-lstm", description="Architecture.")
    embedding: int = Field(128, ge=1, le=100_000, description="Features of an embedded token.")
    hidden: int = Field(128, ge=1, le=100_000, description="Units of each recurrent layer.")
    layers: int = Field(2, ge=1, le=100, description="Recurrent layers.")
    dropout: float = Field(0.2, ge=0, lt=1, description="Dropout on connections that are not recurrent.")
    tied: bool = Field(False, description="Decoder and embedding share one matrix.")

    def build(self, types: int) -> StackedLSTM:
        """The network."""
        return StackedLSTM(
            types,
            embedding=self.embedding,
            hidden=self.hidden,
            layers=self.layers,
            dropout=self.dropout,
            tied=self.tied,
        )
