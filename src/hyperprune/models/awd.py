"""What AWD-LSTM and AWD-LSTM-MoS share: layers of different sizes and five kinds of dropout.

Merity, Keskar and Socher 2018 (arXiv 1708.02182).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypedDict, Unpack

from pydantic import Field
from torch import Tensor, nn

from hyperprune.models.config import ModelConfig
from hyperprune.models.language_model import LanguageModel
from hyperprune.models.layers.dropout import LockedDropout, embed_with_dropout
from hyperprune.models.layers.weight_drop import WeightDropLSTM
from hyperprune.models.reading import Activations


@dataclass(frozen=True, kw_only=True)
class Dropouts:
    """Shares that are dropped, each in [0, 1). Masks of activations are drawn for each sequence.

    Attributes:
        embedding: word types, as a whole.
        input: features of the embedded tokens, locked over time.
        hidden: outputs of every layer but the last, locked over time.
        output: outputs of the last layer, locked over time.
        weight: hidden-to-hidden weights.
    """

    embedding: float = 0.0
    input: float = 0.0
    hidden: float = 0.0
    output: float = 0.0
    weight: float = 0.0


class AWDSizes(TypedDict):
    """Keyword arguments that every network of the family takes.

    Attributes:
        embedding: features of an embedded token.
        sizes: units of each layer, from the first.
        dropouts: see :class:`Dropouts`.
    """

    embedding: int
    sizes: Sequence[int]
    dropouts: Dropouts


class AWD(LanguageModel):
    """Embedding, LSTM layers with weight-drop, and a decoder that a subclass brings.

    The embedding starts uniform in +-0.1, each layer as its own kind does.

    Args:
        types: size of the vocabulary.
        layer: makes a layer from its inputs, its units and the share of recurrent weights to drop.
        given: see :class:`AWDSizes`.
    """

    def __init__(
        self,
        types: int,
        *,
        layer: Callable[[int, int, float], nn.Module] = WeightDropLSTM,
        **given: Unpack[AWDSizes],
    ) -> None:
        super().__init__()
        embedding, sizes, dropouts = given["embedding"], given["sizes"], given["dropouts"]
        self.embedding_share = dropouts.embedding
        self.input_dropout = LockedDropout(dropouts.input)
        self.hidden_dropout = LockedDropout(dropouts.hidden)
        self.dropout = LockedDropout(dropouts.output)
        self.embedding = nn.Embedding(types, embedding)
        nn.init.uniform_(self.embedding.weight, -0.1, 0.1)
        below = [embedding, *sizes[:-1]]
        self.recurrent = nn.ModuleList(
            layer(inputs, units, dropouts.weight) for inputs, units in zip(below, sizes, strict=True)
        )

    def activations(self, tokens: Tensor, state: Sequence[Any] | None = None) -> Activations:
        """Up to the decoder; the state is ``(h, c)`` of each layer, each ``(1, batch, units)``."""
        features = embed_with_dropout(self.embedding, tokens, self.embedding_share, self.training)
        hidden, after = self.input_dropout(features), []
        for number, layer in enumerate(self.recurrent):
            if number > 0:
                hidden = self.hidden_dropout(hidden)
            hidden, own = layer(hidden, None if state is None else state[number])
            after.append(own)
        return Activations(tuple(after), hidden, self.dropout(hidden))


class AWDConfig(ModelConfig):
    """Sizes and dropouts that both kinds have."""

    embedding: int = Field(128, ge=1, le=100_000, description="Features of an embedded token.")
    hidden: int = Field(128, ge=1, le=100_000, description="Units of each recurrent layer.")
    layers: int = Field(3, ge=1, le=100, description="Recurrent layers.")
    dropout: float = Field(0.2, ge=0, lt=1, description="Dropout on the last layer's outputs.")
    hidden_dropout: float = Field(0.1, ge=0, lt=1, description="Dropout between layers.")
    input_dropout: float = Field(0.1, ge=0, lt=1, description="Dropout on embedded tokens.")
    embedding_dropout: float = Field(0.0, ge=0, lt=1, description="Share of word types that is dropped.")
    weight_drop: float = Field(0.2, ge=0, lt=1, description="Dropout on hidden-to-hidden weights.")

    @property
    def dropouts(self) -> Dropouts:
        """The shares together."""
        return Dropouts(
            embedding=self.embedding_dropout,
            input=self.input_dropout,
            hidden=self.hidden_dropout,
            output=self.dropout,
            weight=self.weight_drop,
        )
