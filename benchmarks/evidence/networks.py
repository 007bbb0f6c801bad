"""The records, read back: which networks are there and what was measured of them."""

import json
import math
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Distances = dict[str, dict[int, dict[str, float]]]  # by reference (same_epoch, end), epoch, convention/kind


@dataclass(frozen=True)
class Network:
    """A network that was trained to the end.

    Attributes:
        number: of its variant in the draw; None for the dense one.
        seed: root seed.
        words: its variant, such as ``er, magnitude, none, 0.4``.
        valid_loss: nats a token by epoch.
        distances: to the dense network of the same seed; empty until that one is there.
        every_epoch: distance in the default convention to the same epoch's dense spectrum, by kind.
        clamped: logarithms cut at the floor, by epoch and convention.
        seconds: processor seconds of training and of all its spectra.
    """

    number: int | None
    seed: int
    words: str
    valid_loss: tuple[float, ...]
    distances: Distances
    every_epoch: dict[str, tuple[float, ...]]
    clamped: dict[int, dict[str, int]]
    seconds: dict[str, float]

    @property
    def final(self) -> float:
        """Validation perplexity at the best epoch: what a search counts."""
        return math.exp(min(self.valid_loss))

    @property
    def best_epoch(self) -> int:
        """The epoch of ``final``."""
        return self.valid_loss.index(min(self.valid_loss)) + 1


@dataclass(frozen=True)
class Networks:
    """All that is there.

    Attributes:
        trained: every network with a whole record, in the order of its name.
        failed: names of those that diverged; they are ranked nowhere.
    """

    trained: tuple[Network, ...]
    failed: tuple[str, ...]

    @property
    def candidates(self) -> list[Network]:
        """The variants at seed 0 whose distances are known: what the early metrics rank."""
        known = {n.number: n for n in self.trained if n.number is not None and n.seed == 0 and n.distances}
        return [known[number] for number in sorted(known)]

    @property
    def dense(self) -> dict[int, Network]:
        """The dense networks by seed."""
        return {n.seed: n for n in self.trained if n.number is None}

    @property
    def repeats(self) -> dict[int, dict[int, float]]:
        """Final perplexity by variant and seed, of the variants that were trained from several seeds."""
        return self.repeated(lambda network: network.final)

    def repeated(self, value: Callable[[Network], float]) -> dict[int, dict[int, float]]:
        """Any value by variant and seed, of the variants that were trained from several seeds."""
        values: dict[int, dict[int, float]] = {}
        for n in self.trained:
            if n.number is not None:
                values.setdefault(n.number, {})[n.seed] = value(n)
        return {number: by_seed for number, by_seed in values.items() if len(by_seed) > 1}


def load(records: Path) -> Networks:
    """Every record of a folder."""
    documents = [json.loads(path.read_bytes()) for path in sorted(records.glob("*.json"))]
    whole = [document for document in documents if document["failure"] is None]
    failed = tuple(document["piece"] for document in documents if document["failure"] is not None)
    return Networks(tuple(_network(document) for document in whole), failed)


def finals(networks: Sequence[Network]) -> list[float]:
    """Final perplexities, in the given order."""
    return [network.final for network in networks]


def _network(document: dict[str, Any]) -> Network:
    known = document["distances"] or {}
    variant = document["variant"]
    rules = ("sparse_init", "death", "redistribution", "death_rate")
    return Network(
        number=document["number"],
        seed=document["seed"],
        words="dense" if variant is None else ", ".join(str(variant[rule]) for rule in rules),
        valid_loss=tuple(document["valid_loss"]),
        distances={name: _finite_or_last(known[name]) for name in ("same_epoch", "end") if known},
        every_epoch={kind: tuple(values) for kind, values in known.get("every_epoch", {}).items()},
        clamped=_by_epoch(document["clamped"]),
        seconds=document["processor_seconds"],
    )


def _finite_or_last(values: dict[str, dict[str, float | None]]) -> dict[int, dict[str, float]]:
    """By epoch; a record has null for an infinite distance, which ranks last: all that is taken is ranks."""
    return {
        epoch: {name: sys.float_info.max if distance is None else distance for name, distance in by.items()}
        for epoch, by in _by_epoch(values).items()
    }


def _by_epoch(values: dict[str, Any]) -> dict[int, Any]:
    return {int(epoch): value for epoch, value in values.items()}
