"""What ``hyperprune evaluate`` does."""

from pathlib import Path
from typing import Any

import torch
from rich.console import Console

from hyperprune.cli.output import print_json
from hyperprune.cli.texts import recipe_of, text_of
from hyperprune.errors import ConfigurationError
from hyperprune.search import find, validated
from hyperprune.training import RuntimeConfig
from hyperprune.training.evaluation import evaluate as measure

_PARTS = ("train", "valid", "test")


def evaluate(
    target: Path,
    candidate: int | None,
    values: dict[str, Any],
    part: str,
    *,
    dense: bool,
    threads: int,
    device: str,
    as_json: bool,
) -> None:
    """Find the network, measure it, print what came out."""
    if part not in _PARTS:
        raise ConfigurationError(f"unknown part {part!r}: choose one of {', '.join(_PARTS)}")
    runtime = validated(RuntimeConfig, {"threads": threads, "device": device})
    torch.set_num_threads(runtime.threads)
    found = find(target, candidate, dense=dense)
    corpus = text_of(found, values)
    measured = measure(found.weights, corpus, recipe_of(found, values), part, runtime.device)
    if as_json:
        print_json(
            {**measured.model_dump(mode="json"), "weights": str(found.weights), "corpus": corpus.source}
        )
        return
    console = Console()
    console.print(
        f"{part} perplexity {measured.perplexity:.2f} ({measured.loss:.4f} nats or {measured.bits:.4f} bits "
        f"a token) on {measured.tokens:,} tokens, {measured.unknown_rate:.1%} of them unknown",
        highlight=False,
        soft_wrap=True,
    )
    console.print(f"network: {found.weights}", highlight=False, soft_wrap=True)
