"""A configuration with the hash of the weights that it refers to."""

from typing import Any, TypeVar

from hyperprune.tasks import Tasked

C = TypeVar("C", bound=Tasked)


def with_hashed_reference(config: C) -> C:
    """The configuration with ``reference.sha256`` filled in; as it is where it has no reference.

    Raises:
        CheckpointError: the reference is no file of weights, or another than before.
    """
    reference: Any = getattr(config, "reference", None)
    if reference is None:
        return config
    hashed = reference.model_copy(update={"sha256": reference.hashed()})
    return config.model_copy(update={"reference": hashed})
