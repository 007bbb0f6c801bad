"""What ``hyperprune generate`` does."""

import sys
from pathlib import Path

import torch

from hyperprune.corpora import EOS
from hyperprune.corpora.tokens import text_of, tokenise
from hyperprune.errors import ConfigurationError
from hyperprune.export.opened import opened
from hyperprune.inference import generate as drawn


def generate(
    target: Path,
    prompt: str,
    tokens: int,
    temperature: float,
    seed: int,
    candidate: int | None,
    level: str | None,
    *,
    dense: bool,
    threads: int,
) -> None:
    """Print the prompt and what the network draws after it."""
    torch.set_num_threads(threads)
    if level not in (None, "word", "character"):
        raise ConfigurationError(f"unknown level {level!r}: choose one of word, character")
    network, own = opened(target, candidate=candidate, dense=dense)
    reads = level or own or "word"
    given = tokenise(prompt, "character" if reads == "character" else "word") if prompt else []
    if given and not prompt.endswith("\n"):
        given = given[:-1]  # the line goes on
    found = list(drawn(network, given or [EOS], tokens, temperature=temperature, seed=seed))
    sys.stdout.write(text_of([*given, *found], reads) + "\n")
