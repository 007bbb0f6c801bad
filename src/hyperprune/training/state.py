"""Everything that training carries from one epoch to the next, and its form in a checkpoint."""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor, nn

from hyperprune.accelerators import device_of, random_state, restore_random_state
from hyperprune.errors import CheckpointError
from hyperprune.seeding import derive, generator
from hyperprune.sparsity import PruningVariant, SparseTraining
from hyperprune.sparsity.scheduled import check_epochs
from hyperprune.tasks.opened import OpenedTask
from hyperprune.tasks.recipe import Recipe
from hyperprune.training.stored.nested_state import join, pack, split, unpack
from hyperprune.training.stored.weights_file import GivenWeights, load_given


@runtime_checkable
class Averaging(Protocol):
    """An optimiser that may evaluate averages in place of the raw weights, as NT-ASGD does."""

    @property
    def averaging(self) -> bool:
        """Whether it has begun to average."""

    def observe(self, validation_loss: float) -> bool:
        """Hear the loss of an evaluation; gives whether this one begins the averaging."""

    def averaged(self) -> AbstractContextManager[None]:
        """Inside, the parameters hold the averages."""


@dataclass(eq=False)
class TrainingState:
    """A network under training.

    Attributes:
        network: its weights.
        optimizer: its optimiser.
        sparse: masks and topology updates; None for the dense reference.
        origin: how given weights were found in their file; empty where there is nothing to say.
    """

    network: nn.Module
    optimizer: torch.optim.Optimizer
    sparse: SparseTraining | None
    origin: str = ""

    @classmethod
    def fresh(
        cls,
        task: OpenedTask,
        recipe: Recipe,
        variant: PruningVariant | None,
        seed: int,
        start: GivenWeights | None = None,
        *,
        keep_largest: bool = True,
        scores: Mapping[str, Tensor] | None = None,
    ) -> "TrainingState":
        """A network before its first step.

        The network is built first, from torch's global generator, which the caller has seeded: so the
        dense weights are the same for every variant. The masks come from (seed, canonical variant) or from
        the weights that ``start`` gives, as the variant's criterion says.

        Args:
            task: builds the network.
            recipe: optimiser and budget.
            variant: none for the dense network.
            seed: root seed.
            start: weights in place of fresh ones.
            keep_largest: with ``start``, whether a variant without a criterion of its own keeps the largest.
            scores: for a criterion that reads them.
        """
        network = task.network()
        origin = "" if start is None else load_given(network, start)
        optimizer = recipe.optimizer_of(network)
        sparse = None
        if variant is not None:
            epochs = recipe.decay_epochs or recipe.epochs
            check_epochs(variant.schedule_span, variant.update_interval, epochs)
            sparse = SparseTraining.from_variant(
                variant,
                network,
                optimizer,
                total_steps=epochs * task.steps_per_epoch,
                generator=generator(seed, "masks", variant.mask_key()),
                keep_largest=keep_largest and start is not None,
                scores=scores,
            )
        return cls(network, optimizer, sparse, origin)

    def capture(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """Named tensors and a JSON document that ``restore`` takes."""
        tensors = {
            f"model.{name}": value.detach().cpu().contiguous()
            for name, value in _weights(self.network).items()
        }
        if self.averaging:
            with self.evaluated():
                tensors |= {
                    f"average.{name}": value.detach().cpu().clone(memory_format=torch.contiguous_format)
                    for name, value in _weights(self.network).items()
                }
        optimizer_tensors, optimizer = split(self.optimizer.state_dict(), "optim")
        tensors |= optimizer_tensors
        tensors |= {f"rng.{name}": value for name, value in random_state(device_of(self.network)).items()}
        document: dict[str, Any] = {"optimizer": optimizer, "sparse": None}
        if self.sparse is not None:
            state = self.sparse.state_dict()
            masks = state.pop("masks")
            tensors |= {f"mask.{name}": pack(mask) for name, mask in masks.items()}
            sparse_tensors, document["sparse"] = split(state, "sparse")
            tensors |= sparse_tensors
        return tensors, document

    def restore(self, tensors: dict[str, Tensor], document: dict[str, Any]) -> None:
        """Go on exactly where ``capture`` was called.

        Raises:
            CheckpointError: the tensors are of another network.
        """
        load_weights(self.network, tensors, "model.")
        if self.sparse is not None:
            state = join(tensors, document["sparse"])
            state["masks"] = {
                name: unpack(tensors[f"mask.{name}"], mask.shape) for name, mask in self.sparse.masks.items()
            }
            self.sparse.load_state_dict(state)
        self.optimizer.load_state_dict(join(tensors, document["optimizer"]))
        random = {k.removeprefix("rng."): v for k, v in tensors.items() if k.startswith("rng.")}
        restore_random_state(random, device_of(self.network))

    @property
    def averaging(self) -> bool:
        """Whether the evaluated weights are averages."""
        return isinstance(self.optimizer, Averaging) and self.optimizer.averaging

    def observe(self, valid_loss: float) -> None:
        """Tell an optimiser that waits for the validation loss to stall."""
        if isinstance(self.optimizer, Averaging):
            self.optimizer.observe(valid_loss)

    def live(self) -> int:
        """Live weights, all parameters together, biases included, shared ones once."""
        return sum(parameter.numel() for parameter in self.network.parameters()) - self._dead()

    def density(self) -> float:
        """Live share of the prunable weights."""
        return 1.0 if self.sparse is None else self.sparse.density()

    @contextmanager
    def evaluated(self) -> Iterator[None]:
        """Inside, the network is in evaluation mode and has the weights that count: raw or averaged."""
        averages: AbstractContextManager[None] = nullcontext()
        if isinstance(self.optimizer, Averaging):
            averages = self.optimizer.averaged()
        training = self.network.training
        self.network.eval()
        try:
            with averages:
                yield
        finally:
            self.network.train(training)

    def _dead(self) -> int:
        if self.sparse is None:
            return 0
        return sum(int((~mask).sum()) for mask in self.sparse.masks.values())


def load_weights(network: nn.Module, tensors: dict[str, Tensor], prefix: str) -> None:
    """Copy the tensors whose names start with ``prefix`` into a network of the same shape.

    Raises:
        CheckpointError: names or shapes differ.
    """
    check_weights(network, tensors, prefix)
    own = _weights(network)
    with torch.no_grad():
        for name, value in own.items():
            value.copy_(tensors[f"{prefix}{name}"])


def check_weights(network: nn.Module, tensors: dict[str, Tensor], prefix: str) -> None:
    """Whether the tensors whose names start with ``prefix`` are those of a network; it may be on meta.

    Raises:
        CheckpointError: names, shapes or kinds of number differ.
    """
    own = _weights(network)
    given = {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}
    differing = sorted(set(own) ^ set(given)) or sorted(k for k in own if not _alike(own[k], given[k]))
    if differing:
        raise CheckpointError(
            f"the checkpoint is of another network: {differing[0]} differs; "
            "give one that was written with the same [model]"
        )


def _alike(own: Tensor, given: Tensor) -> bool:
    return own.shape == given.shape and own.is_floating_point() == given.is_floating_point()


def seed_for_training(seed: int) -> int:
    """The seed of initial weights and dropout, shared by the dense reference and all candidates."""
    return derive(seed, "training")


def _weights(network: nn.Module) -> dict[str, Tensor]:
    """Parameters and persistent buffers, a shared one once under its first name."""
    found: dict[int, str] = {}
    state = network.state_dict(keep_vars=True)
    for name, value in state.items():
        found.setdefault(id(value), name)
    return {name: state[name] for name in found.values()}
