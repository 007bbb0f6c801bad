"""Text from a language model, token by token."""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from hyperprune.corpora import EOS, UNKNOWN
from hyperprune.errors import ConfigurationError
from hyperprune.inference.running import Running


def generate(
    network: Running, prompt: Sequence[str], count: int, *, temperature: float = 1.0, seed: int = 0
) -> Iterator[str]:
    """Tokens that a language model draws one after the other.

    ``<unk>`` stands for words that the model does not know, so it is never drawn.

    Args:
        network: what :func:`hyperprune.inference.load` gives.
        prompt: tokens to go on from; a line end where there are none.
        count: tokens to draw.
        temperature: divides the scores; 0 takes the likeliest token each time.
        seed: of the draws; the same gives the same text.

    Raises:
        ConfigurationError: the network is no language model, or does not know a token of the prompt.
    """
    vocabulary = network.vocabulary
    if vocabulary is None:
        raise ConfigurationError("text comes from a language model, and this network has no vocabulary")
    if not temperature >= 0:
        raise ConfigurationError(
            f"temperature must be 0 or more, got {temperature}: give a value such as 0.8"
        )
    numbers = {name: number for number, name in enumerate(vocabulary)}
    given = [_number(token, numbers) for token in prompt] or [numbers.get(EOS, 0)]
    return _drawn(network, vocabulary, given, count, temperature, torch.Generator().manual_seed(seed))


def _number(token: str, numbers: dict[str, int]) -> int:
    found = numbers.get(token, numbers.get(UNKNOWN))
    if found is None:
        raise ConfigurationError(
            f"the network has never seen {token[:40]!r}, and has no {UNKNOWN} for it: give another prompt"
        )
    return found


def _drawn(
    network: Running,
    vocabulary: tuple[str, ...],
    given: list[int],
    count: int,
    temperature: float,
    generator: torch.Generator,
) -> Iterator[str]:
    outputs, state = network.run(torch.tensor(given))
    scores = outputs[-1]
    banned = vocabulary.index(UNKNOWN) if UNKNOWN in vocabulary else None
    for _ in range(count):
        token = _draw(scores, banned, temperature, generator)
        yield vocabulary[token]
        scores, state = network.step(token, state)


def _draw(scores: Tensor, banned: int | None, temperature: float, generator: torch.Generator) -> int:
    scores = scores.double()
    if banned is not None and len(scores) > 1:
        scores[banned] = -torch.inf
    if temperature == 0:
        return int(scores.argmax())
    shares = torch.softmax(scores / temperature, dim=0)
    return int(torch.multinomial(shares, 1, generator=generator))
