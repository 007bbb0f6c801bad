"""The state of sparse training as plain tensors and values that JSON can hold."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from hyperprune.errors import CheckpointError, HyperpruneError
from hyperprune.sparsity.network import SparseNetwork
from hyperprune.sparsity.schedule import Clock
from hyperprune.sparsity.variants.variant import PruningVariant


def save(network: SparseNetwork, clock: Clock) -> dict[str, Any]:
    """``masks`` (bool) and ``generator`` (uint8) are tensors, all else is JSON; nothing shares storage."""
    state: dict[str, Any] = {
        "masks": {name: mask.clone() for name, mask in network.masks.items()},
        "generator": network.generator.get_state().clone(),
        "steps": clock.steps,
        "epochs": clock.epochs,
        "pending": clock.pending,
        "memory": dict(network.memory),
        "variant": network.variant.to_dict(),
    }
    if _ends_by_criterion(network.variant):
        state["final"] = dict(network.final)
    return state


def load(state: Mapping[str, Any], network: SparseNetwork, clock: Clock) -> None:
    """Put a saved state back; checks all of it before it changes anything.

    Raises:
        CheckpointError: it belongs to another variant or model, or a part is missing.
    """
    needed = {"masks", "generator", "steps", "epochs", "pending", "memory", "variant"}
    if _ends_by_criterion(network.variant):
        needed |= {"final"}
    missing = needed - set(state)
    if missing:
        raise CheckpointError(
            f"a state of sparse training must have {', '.join(sorted(missing))}: it is damaged"
        )
    own, saved = network.variant.to_dict(), _variant(state["variant"])
    for name in sorted({*own, *saved}):
        if own.get(name) != saved.get(name):
            raise CheckpointError(
                f"the state must be of the same variant, got {name} {saved.get(name)!r} where this one has "
                f"{own.get(name)!r}: build it with the variant that was saved"
            )
    masks: Mapping[str, Tensor] = state["masks"]
    expected = {name: tuple(mask.shape) for name, mask in network.masks.items()}
    found = {name: tuple(mask.shape) for name, mask in masks.items()}
    if found != expected:
        raise CheckpointError(
            f"masks must fit the model's {expected}, got {found}: it is another model's state"
        )
    masks = {name: mask.bool() for name, mask in masks.items()}
    problem = network.misfit(masks)
    if problem is not None:
        raise CheckpointError(f"{problem}: the state is damaged")
    final = state.get("final", network.final)
    if not _counts_alike(final, network.final) or any(final[name] > n for name, n in network.sizes.items()):
        raise CheckpointError(
            f"the weights that a schedule leaves must be {sum(network.final.values())} of "
            f"{', '.join(network.final)}, got {final!r}: the state is damaged"
        )
    network.load(masks)
    network.generator.set_state(state["generator"].to(device="cpu", dtype=torch.uint8))
    network.memory = dict(state["memory"])
    network.final = dict(final)
    clock.steps, clock.epochs = int(state["steps"]), int(state["epochs"])
    clock.pending = bool(state["pending"])


def _counts_alike(one: Any, other: Mapping[str, int]) -> bool:
    """Whether one has the names of the other, and as many entries in all."""
    if not isinstance(one, Mapping) or set(one) != set(other):
        return False
    whole = all(type(count) is int and count >= 0 for count in one.values())
    return whole and sum(one.values()) == sum(other.values())


def _ends_by_criterion(variant: PruningVariant) -> bool:
    """Whether a schedule ends with counts that were found in the network as it was at the start."""
    return variant.scheduled and variant.trained


def _variant(document: Mapping[str, Any]) -> dict[str, Any]:
    """A stored variant as this version writes it."""
    try:
        return PruningVariant.from_dict(document).to_dict()
    except (HyperpruneError, TypeError, ValueError) as error:
        raise CheckpointError(
            f"a state of sparse training must hold its variant, got one that cannot be made: {error}"
        ) from error
