"""Dropout whose mask is locked over time, and dropout of whole word types.

Gal and Ghahramani 2016 (arXiv 1512.05287); both as Merity et al. 2018 (arXiv 1708.02182) use them.
"""

from torch import Tensor, nn


def locked_mask(like: Tensor, share: float, training: bool) -> Tensor | None:
    """One mask for all time steps, ``(batch, features)``: 0 or 1 / (1 - share); None where nothing drops.

    Args:
        like: ``(..., batch, features)``; gives sizes, type and device.
        share: probability of an entry to be dropped.
        training: whether the network trains.
    """
    if not training or share == 0:
        return None
    return like.new_empty(like.shape[-2:]).bernoulli_(1 - share).div_(1 - share)


class LockedDropout(nn.Module):
    """Drops the same entries at every time step of ``(time, batch, features)``."""

    def __init__(self, share: float) -> None:
        super().__init__()
        self.share = share

    def forward(self, values: Tensor) -> Tensor:
        """``values`` with a fresh mask, or as they are in evaluation."""
        mask = locked_mask(values, self.share, self.training)
        return values if mask is None else values * mask

    def extra_repr(self) -> str:
        """The share, for ``repr``."""
        return f"share={self.share}"


def embed_with_dropout(embedding: nn.Embedding, tokens: Tensor, share: float, training: bool) -> Tensor:
    """Embedded tokens; in training each word type is dropped as a whole with probability ``share``.

    The published code masks the embedding matrix; the looked-up rows are masked here, which gives the same
    numbers and touches ``time * batch`` rows in place of all types.
    """
    features: Tensor = embedding(tokens)
    if not training or share == 0:
        return features
    types = features.new_empty(embedding.num_embeddings, 1).bernoulli_(1 - share).div_(1 - share)
    return features * nn.functional.embedding(tokens, types)
