"""What the networks of a search weigh and compute, read from their checkpoints."""

from functools import lru_cache
from pathlib import Path
from typing import Any

from hyperprune.errors import CheckpointError, ConfigurationError
from hyperprune.inference.account import Account, account
from hyperprune.models import planned
from hyperprune.search.results.final_network import FinalNetwork
from hyperprune.sparsity.parameters.uses import Uses, uses
from hyperprune.tasks.text.text_task import described
from hyperprune.training.stored import checkpoint
from hyperprune.training.stored.nested_state import unpack


def cost_of(run: Path, final: FinalNetwork | None) -> Account | None:
    """Bytes and multiply-adds of a network that was trained to the end.

    Args:
        run: the folder of the search.
        final: the network; none for one that has none.

    Returns:
        None where the checkpoint is gone or damaged, or is of a task of your own and of a version that did
        not note how its matrices are used.
    """
    return None if final is None else _read(run / final.weights, final.weights_sha256)


@lru_cache(maxsize=256)  # rows, terminal and page ask for the same
def _read(path: Path, sha256: str) -> Account | None:
    """The account of a checkpoint; the hash is part of what is remembered."""
    try:
        whole = checkpoint.load(path)
        known = _uses(whole.document, str(path))
    except (CheckpointError, ConfigurationError):
        return None
    if known is None or whole.document["sha256"] != sha256:
        return None
    averaged = any(name.startswith("average.") for name in whole.tensors)
    prefix = "average." if averaged else "model."
    weights = {k.removeprefix(prefix): v for k, v in whole.tensors.items() if k.startswith(prefix)}
    masks = {
        name: unpack(whole.tensors[f"mask.{name}"], tuple(weight.shape))
        for name, weight in weights.items()
        if f"mask.{name}" in whole.tensors
    }
    return account(weights, masks, known)


def _uses(document: dict[str, Any], where: str) -> Uses | None:
    """What stands in the document, or what the network that it describes says."""
    noted = document.get("uses")
    if noted is None and document.get("vocabulary") is not None:
        model, types = described(document, where)
        return uses(planned(model, len(types)))
    if not isinstance(noted, dict):
        return None
    found = {name: tuple(pair) for name, pair in noted.items() if isinstance(pair, list) and len(pair) == 2}
    whole = all(isinstance(number, int) and number >= 0 for pair in found.values() for number in pair)
    return found if whole and len(found) == len(noted) else None
