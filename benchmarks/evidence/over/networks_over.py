"""The records of a regime, read back."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hyperprune.sparsity.density_schedule import DENSITY_SCHEDULE

RAMP_END = (DENSITY_SCHEDULE["gradual"].span or (0.0, 0.0))[1]  # as a share of the budget


@dataclass(frozen=True)
class Trained:
    """A network that was trained to its end.

    Attributes:
        pool: what it is.
        number: in its pool.
        seed: root seed.
        valid_loss: by epoch, from 0: before the first step.
        train_loss: by epoch, from 1.
        test_loss: of the best epoch.
        live: live weights.
        facts: scores of others, by epoch.
        distances: LS distances by reference, epoch and name.
        every_distance: the LS distance that a search takes, by epoch from 0.
        words: its variant.
        final: validation loss of the best epoch, what a search counts. A start may be the best; of what was
            pruned gradually only epochs at the final density count.
    """

    pool: str
    number: int
    seed: int
    valid_loss: tuple[float, ...]
    train_loss: tuple[float, ...]
    test_loss: float
    live: int
    facts: dict[int, dict[str, float]]
    distances: dict[str, dict[int, dict[str, float]]]
    every_distance: tuple[float, ...]
    words: str
    final: float


@dataclass(frozen=True)
class Records:
    """All that is there.

    Attributes:
        trained: networks that did not fail.
        failed: names of those that did; they are ranked nowhere.
        perplexity: whether losses are shown as perplexity.
        verdicts: on the test part against the dense network, of some, by pool, number and seed.
    """

    trained: tuple[Trained, ...]
    failed: tuple[str, ...]
    perplexity: bool
    verdicts: Mapping[tuple[str, int, int], Mapping[str, Any]]

    def pool(self, name: str, seed: int) -> list[Trained]:
        """A pool of one seed, in order of number."""
        return sorted((n for n in self.trained if n.pool == name and n.seed == seed), key=lambda n: n.number)

    def shown(self, loss: float) -> float:
        """The score that people read."""
        return math.exp(loss) if self.perplexity else loss


def load(folder: Path, regime: str) -> Records:
    """Every record of a regime."""
    documents = [json.loads(path.read_bytes()) for path in sorted(folder.glob(f"{regime}-*.json"))]
    failed = tuple(d["piece"] for d in documents if d["failure"] is not None)
    trained = tuple(_trained(d) for d in documents if d["failure"] is None)
    path = folder / f"verdicts-{regime}.json"
    judged = json.loads(path.read_bytes())["verdicts"] if path.exists() else []
    return Records(
        trained,
        failed,
        all(d["score"] == "perplexity" for d in documents),
        {(v["pool"], v["number"], v["seed"]): v for v in judged},
    )


def _trained(document: dict[str, Any]) -> Trained:
    distances = document["distances"] or {}
    valid_loss = (document["initial_loss"], *document["valid_loss"])
    first = {"started": 0, "ramped": math.ceil(RAMP_END * len(document["valid_loss"]))}.get(
        document["pool"], 1
    )
    return Trained(
        pool=document["pool"],
        number=document["number"],
        seed=document["seed"],
        valid_loss=valid_loss,
        train_loss=tuple(document["train_loss"]),
        test_loss=document["test_loss"],
        live=document["live"],
        facts={int(epoch): facts for epoch, facts in document["facts"].items()},
        distances={name: {int(e): found for e, found in by.items()} for name, by in distances.items()},
        every_distance=tuple(document["every_distance"] or ()),
        words=_words(document["variant"], document["pool"]),
        final=min(valid_loss[first:]),
    )


def _words(variant: dict[str, Any] | None, pool: str) -> str:
    if variant is None:
        return ""
    if pool in ("started", "ramped"):
        return str(variant.get("criterion", "random"))
    return ", ".join(f"{variant[rule]}" for rule in ("sparse_init", "death", "redistribution", "death_rate"))
