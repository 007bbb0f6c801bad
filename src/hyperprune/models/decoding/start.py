"""How a linear decoder begins, and what it shares with the embedding."""

from torch import nn

from hyperprune.errors import ConfigurationError


def check_tied(tied: bool, embedding: int, units: int) -> None:
    """Refuse to tie a decoder to an embedding of another size.

    Raises:
        ConfigurationError: it is to be tied, and the last layer has not as many units as the embedding.
    """
    if tied and units != embedding:
        raise ConfigurationError(
            f"tied weights need a last layer of as many units as the embedding, got {units} and {embedding}: "
            "make them equal or set tied to false"
        )


def start_decoder(decoder: nn.Linear, embedding: nn.Embedding, tied: bool) -> None:
    """Weights uniform in +-0.1, drawn from torch's generator, the bias zero; then tied, if asked for."""
    nn.init.uniform_(decoder.weight, -0.1, 0.1)
    nn.init.zeros_(decoder.bias)
    if tied:
        decoder.weight = embedding.weight
