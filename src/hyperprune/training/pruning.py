"""One call for a network that is trained already: prune, train on, imitate what it was. In memory."""

import copy
import dataclasses
import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from hyperprune import optim
from hyperprune.accelerators import device_of
from hyperprune.errors import ConfigurationError, DivergedError
from hyperprune.seeding import generator, seed_globally
from hyperprune.sparsity import (
    CRITERION,
    PruningVariant,
    SparseTraining,
    density_from_sparsity,
    taylor_scores,
)
from hyperprune.sparsity.scheduled import check_epochs, pruning_interval
from hyperprune.tasks import Epoch, OpenedTask, Recipe
from hyperprune.tasks.distillation import Teacher
from hyperprune.tasks.opened import counted_steps
from hyperprune.tasks.task import Loss, Part
from hyperprune.training.epoch import train_epoch
from hyperprune.training.measuring.measurement import evaluate as evaluated
from hyperprune.training.progress import Progress, silent
from hyperprune.training.state import TrainingState, seed_for_training

FEWEST_STEPS = 8  # of a budget in which weights can die little by little


def prune(
    network: nn.Module,
    *,
    losses: Callable[..., Iterator[Loss]],
    evaluate: Callable[[nn.Module], float],
    sparsity: float = 0.9,
    epochs: int = 5,
    optimizer: str = "adam",
    learning_rate: float = 1e-3,
    clip: float = 1.0,
    distillation: float | None = None,
    temperature: float = 1.0,
    criterion: str = "magnitude",
    density_schedule: str | None = None,
    seed: int = 0,
    **rules: Any,
) -> nn.Module:
    """A pruned network that starts from a trained one; its best epoch, in evaluation mode.

    It trains on while its weights die little by little and a frozen copy of the given network teaches; dead
    weights are exactly zero. Nothing is written, and neither the given network nor torch's global generator
    changes. On a CPU the same seed gives the same bits.

    Args:
        network: trained, of any architecture, on any device.
        losses: ``losses(network, epoch)`` yields the mean loss of each training batch with its graph, as a
            task's does: ``epoch.generator`` shuffles, ``epoch.distilled`` adds what the teacher says. One
            that takes the network alone has no teacher.
        evaluate: a number for a network in evaluation mode, smaller is better. The epoch where it is
            smallest counts, of those at the final density; the network pruned at once, before any step, is
            among them.
        sparsity: share of the prunable weights that is zero, in [0, 1).
        epochs: of training; 0 to prune at once and no more.
        optimizer: name in :mod:`hyperprune.optim`; a new one.
        learning_rate: of all epochs.
        clip: largest norm of the gradient; 0 for no clipping.
        distillation: a in (1 - a) loss + a T^2 KL(teacher || network); 0 for no teacher. None is 0.5 where
            the losses look at ``epoch.teacher``.
        temperature: T, above 0.
        criterion: what says which weights live, or how many of each matrix: ``magnitude``,
            ``global_magnitude``, ``taylor``, or ``random`` as a control.
        density_schedule: ``gradual``, over the first three quarters of the epochs (Zhu and Gupta 2017), or
            ``constant``, at once. None: gradual, but for the control and with a ``death`` or ``death_rate``.
            In fewer than eight steps it is all at once.
        seed: of the order of batches, dropout and random growth.
        rules: further fields of :class:`hyperprune.sparsity.PruningVariant`: ``exclude``, ``sparse_init``, a
            ``death_rate`` above 0 for masks that go on changing.

    Raises:
        ConfigurationError: an impossible value or combination; says why.
        DivergedError: neither the pruned network nor an epoch of it has a finite evaluation.
    """
    if type(epochs) is not int or epochs < 0:
        raise ConfigurationError(
            f"epochs must be a whole number from 0, got {epochs!r}: give a number such as 5"
        )
    task = _InMemory(
        network, losses, evaluate, takes_epoch=_takes_epoch(losses), must_listen=bool(distillation)
    )
    teacher = _teacher(network, task, distillation, temperature)
    density = density_from_sparsity(sparsity)
    variant = _variant(density, criterion, density_schedule, rules)
    recipe = Recipe(optimizer=optimizer, learning_rate=learning_rate, clip=clip, epochs=max(1, epochs))
    device = device_of(network)
    opened = OpenedTask(task, "prune", seed, device, 0, {})
    with torch.random.fork_rng([device] if device.type == "cuda" else []):
        seed_globally(seed_for_training(seed))
        scores = _scores(task.network(), opened, variant)
        begun = _masked(task.network(), opened, recipe, variant.at_once, scores)
        state = begun
        if epochs and variant.scheduled:
            spaced = variant if "update_interval" in rules else _spaced(variant, opened, recipe)
            state = _masked(task.network(), opened, recipe, spaced, scores)
        return _best(begun, state, opened, recipe, epochs, teacher)


def _variant(
    density: float, criterion: str, schedule: str | None, rules: Mapping[str, Any]
) -> PruningVariant:
    """The choices, gradual where nothing speaks against it."""
    if schedule is None:
        other = not CRITERION[criterion].trained or "death" in rules or rules.get("death_rate", 0) > 0
        schedule = "constant" if other else "gradual"
    fields = {"death_rate": 0.0, **rules, "density_schedule": schedule}
    return PruningVariant(density=density, criterion=criterion, **fields)


def _spaced(variant: PruningVariant, task: OpenedTask, recipe: Recipe) -> PruningVariant:
    """With as many steps between prunings as suit the budget; at once where there are hardly any."""
    steps = counted_steps(task.task, task.network(), task.seed) * recipe.epochs
    if steps < FEWEST_STEPS:
        return variant.at_once
    return dataclasses.replace(variant, update_interval=pruning_interval(steps))


class _InMemory:
    """A network and two functions as a task.

    Args:
        given: the trained network.
        losses: of a network and perhaps an epoch.
        evaluate: of a network.
        takes_epoch: whether the losses are told the epoch.
        must_listen: whether losses that never look at the teacher are a mistake.
    """

    def __init__(
        self,
        given: nn.Module,
        losses: Callable[..., Iterator[Loss]],
        evaluate: Callable[[nn.Module], float],
        *,
        takes_epoch: bool,
        must_listen: bool,
    ) -> None:
        self._given, self._losses, self._evaluate = given, losses, evaluate
        self.takes_epoch, self._must_listen = takes_epoch, must_listen

    def network(self) -> nn.Module:
        """A copy of the given one, trained as it is."""
        return copy.deepcopy(self._given)

    def losses(self, network: nn.Module, epoch: Epoch) -> Iterator[Loss]:
        """The given ones."""
        if epoch.teaching is not None and not self._must_listen:
            epoch.teaching.asked = True
        return self._losses(network, epoch) if self.takes_epoch else self._losses(network)

    def evaluate(self, network: nn.Module, part: Part) -> float:
        """The given number."""
        return self._evaluate(network)

    def spectrum_inputs(self, batch: int, steps: int) -> Any:
        """There are none: no spectrum ranks what is pruned once.

        Raises:
            ConfigurationError: always.
        """
        raise ConfigurationError(
            "prune takes no spectra, for it compares no candidates: use hyperprune.run with a task, or "
            "hyperprune.lyapunov.spectrum with inputs of your own"
        )


def _takes_epoch(losses: Callable[..., Any]) -> bool:
    """Whether a function takes the epoch beside the network."""
    try:
        inspect.signature(losses).bind(None, None)
    except TypeError:
        return False
    return True


def _teacher(
    network: nn.Module, task: _InMemory, distillation: float | None, temperature: float
) -> Teacher | None:
    weight = 0.5 if distillation is None else distillation
    if not 0 <= weight <= 1 or not temperature > 0:
        raise ConfigurationError(
            f"distillation must lie in [0, 1] and the temperature above 0, got {weight} and "
            f"{temperature}: give values such as 0.5 and 1"
        )
    if distillation and not task.takes_epoch:
        raise ConfigurationError(
            f"losses see a teacher through their epoch, got distillation {distillation} and losses that take "
            "the network alone: give losses(network, epoch) that yield epoch.distilled(...)"
        )
    return Teacher(copy.deepcopy(network), weight, temperature) if weight and task.takes_epoch else None


def _scores(network: nn.Module, task: OpenedTask, variant: PruningVariant) -> dict[str, Tensor] | None:
    """What the criterion reads, if anything."""
    if not CRITERION[variant.criterion].needs_scores:
        return None
    batches = task.losses(network, 1)
    whole = (torch.stack([part.objective for part in batch.slices]).sum() for batch in batches)
    return taylor_scores(network, whole, exclude=variant.exclude)


def _masked(
    network: nn.Module,
    task: OpenedTask,
    recipe: Recipe,
    variant: PruningVariant,
    scores: dict[str, Tensor] | None,
) -> TrainingState:
    """The network under its first masks, with a new optimiser."""
    optimizer = optim.build(recipe.optimizer, network, lr=recipe.learning_rate)
    steps = None
    if not variant.static:
        check_epochs(variant.schedule_span, variant.update_interval, recipe.epochs)
        steps = counted_steps(task.task, network, task.seed) * recipe.epochs
    sparse = SparseTraining.from_variant(
        variant,
        network,
        optimizer,
        total_steps=steps,
        generator=generator(task.seed, "masks", variant.mask_key()),
        scores=scores,
    )
    return TrainingState(network, optimizer, sparse)


def _best(
    begun: TrainingState,
    state: TrainingState,
    task: OpenedTask,
    recipe: Recipe,
    epochs: int,
    teacher: Teacher | None,
) -> nn.Module:
    """Train, and give the network of the best evaluation.

    While a density schedule runs it is denser than it will be: only evaluations with the fewest live weights
    count.

    Args:
        begun: pruned at once; its evaluation is the first.
        state: what is trained; itself, or on its way there.
        task: gives the losses.
        recipe: how it is trained.
        epochs: of training.
        teacher: beside the data.
    """
    best: tuple[tuple[int, float], dict[str, Tensor]] | None = None
    failed = DivergedError("the pruned network has no finite evaluation")
    for epoch in range(epochs + 1):
        now = state if epoch else begun
        try:
            if epoch:
                progress = Progress("prune", epoch, epochs, 0, 0, 0.0, float("nan"))
                train_epoch(
                    task, state.network, state.optimizer, state.sparse, recipe, progress, silent, teacher
                )
            loss = evaluated(now, task, "valid", epoch)
        except DivergedError as error:
            failed = error
            if epoch:
                break
            continue
        state.observe(loss)
        reached = now.live(), loss
        if best is None or reached < best[0]:
            with now.evaluated():
                kept = now.network.state_dict()
                best = reached, {name: value.detach().clone() for name, value in kept.items()}
    if best is None or best[0][0] > begun.live():
        raise failed
    state.network.load_state_dict(best[1])
    state.network.zero_grad()
    return state.network.eval()
