"""Sizes of a network as they stand in a configuration, and the network built from them."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field
from torch import nn

from hyperprune.models.stacked_lstm import StackedLSTM


class ModelConfig(BaseModel):
    """Kind and sizes of a network."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["stacked-lstm"] = Field("stacked-lstm", description="Architecture.")
    embedding: int = Field(128, ge=1, le=100_000, description="Features of an embedded token.")
    hidden: int = Field(128, ge=1, le=100_000, description="Units of each recurrent layer.")
    layers: int = Field(2, ge=1, le=100, description="Recurrent layers.")
    dropout: float = Field(0.2, ge=0, lt=1, description="Dropout on connections that are not recurrent.")
    tied: bool = Field(False, description="Decoder and embedding share one matrix.")


def build(config: ModelConfig, types: int) -> nn.Module:
    """The network of ``config`` for a vocabulary of ``types``, weights drawn from torch's generator."""
    return StackedLSTM(
        types,
        embedding=config.embedding,
        hidden=config.hidden,
        layers=config.layers,
        dropout=config.dropout,
        tied=config.tied,
    )
