"""What all language models of this package share: embedding, recurrent part, decoder, and their loss."""

from abc import abstractmethod
from typing import Any

from torch import Tensor, nn

from hyperprune.models.decoding.soft_targets import SoftTargets
from hyperprune.models.decoding.softmax_loss import softmax_loss
from hyperprune.models.reading import Activations, Reading, WindowLoss


class LanguageModel(nn.Module):
    """A recurrent network between an embedding and a decoder; a subclass brings what lies between.

    A subclass sets ``embedding`` and ``decoder`` (``nn.Linear``) and gives ``activations``. One whose decoder
    is no plain softmax brings ``decode`` and ``decoded_loss`` too.
    """

    embedding: nn.Embedding
    decoder: nn.Linear

    def embed(self, tokens: Tensor) -> Tensor:
        """Inputs of the recurrent part, without dropout: ``(time, batch)`` to ``(time, batch, features)``."""
        features: Tensor = self.embedding(tokens)
        return features

    @abstractmethod
    def activations(self, tokens: Tensor, state: Any = None) -> Activations:
        """The pass over a window ``(time, batch)`` up to the decoder; the state is zero if left out."""

    def decode(self, dropped: Tensor) -> Tensor:
        """Logits or log-probabilities ``(time, batch, types)`` of what the last layer gave."""
        logits: Tensor = self.decoder(dropped)
        return logits

    def decoded_loss(
        self, dropped: Tensor, targets: Tensor, soft: SoftTargets | None = None
    ) -> tuple[Tensor, Tensor]:
        """Objective and mean cross entropy, as :func:`softmax_loss` gives them.

        Args:
            dropped: what the decoder receives, ``(time, batch, features)``.
            targets: ``(time, batch)``.
            soft: a teacher's distributions.
        """
        flat, weight, bias = dropped.flatten(0, 1), self.decoder.weight, self.decoder.bias
        return softmax_loss(flat, weight, bias, targets.flatten(), soft)

    def read(self, tokens: Tensor, state: Any = None) -> Reading:
        """As ``forward``, with the last layer's activations."""
        seen = self.activations(tokens, state)
        return Reading(seen.state, seen.hidden, seen.dropped, self.decode(seen.dropped))

    def window_loss(
        self, tokens: Tensor, targets: Tensor, state: Any = None, soft: SoftTargets | None = None
    ) -> WindowLoss:
        """Mean cross entropy of a window; in value that of ``forward``'s scores, without making them whole.

        Args:
            tokens: ``(time, batch)``, int64.
            targets: the token after each, of the same shape.
            state: as ``forward`` takes it.
            soft: a teacher's distributions of the window's tokens in the order of ``tokens.flatten()``.
        """
        seen = self.activations(tokens, state)
        objective, loss = self.decoded_loss(seen.dropped, targets, soft)
        return WindowLoss(seen.state, seen.hidden, seen.dropped, objective, loss)

    def forward(self, tokens: Tensor, state: Any = None) -> tuple[Tensor, Any]:
        """Scores of the next token.

        Args:
            tokens: ``(time, batch)``, int64.
            state: of the recurrent part, as ``activations`` says; zero if left out.

        Returns:
            Logits or log-probabilities ``(time, batch, types)`` and the state after the last step.
        """
        reading = self.read(tokens, state)
        return reading.scores, reading.state
