"""One epoch of next-token prediction: windows of the text, in slices of its columns."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from hyperprune.models import GivesLoss, LanguageModel, Reads, SoftTargets
from hyperprune.models.decoding.scored_loss import scored_loss
from hyperprune.tasks.batch import Batch, Slice
from hyperprune.tasks.distillation import Teacher
from hyperprune.tasks.recipe import Recipe
from hyperprune.tasks.text.penalties import activation_penalty
from hyperprune.tasks.text.window_lengths import fixed_lengths, random_lengths


def batches(
    network: nn.Module,
    text: Tensor,
    recipe: Recipe,
    generator: torch.Generator,
    teacher: Teacher | None = None,
) -> Iterator[Batch]:
    """The windows of an epoch, the hidden state carried from one to the next.

    Args:
        network: trained by the caller.
        text: ``(time, batch)``.
        recipe: bptt, slices and penalties.
        generator: draws random lengths; that of the epoch.
        teacher: whose distributions the network imitates too; it carries a state of its own.
    """
    columns = text.split(recipe.slice or text.shape[1], dim=1)
    states = [_States() for _ in columns]
    read = _with_loss if isinstance(network, (LanguageModel, GivesLoss)) else _with_scores
    total, start = len(text) - 1, 0
    drawn = recipe.random_bptt
    lengths = random_lengths(total, recipe.bptt, generator) if drawn else fixed_lengths(total, recipe.bptt)
    for length in lengths:
        windows = [own[start : start + length + 1] for own in columns]
        rate = length / recipe.bptt if drawn else 1.0
        yield Batch(_slices(read, network, windows, states, recipe, teacher), length * text.shape[1], rate)
        start += length


@dataclass
class _States:
    """What is carried from window to window: of the network, and of its teacher."""

    own: Any = None
    teacher: Any = None


@dataclass(frozen=True, eq=False)
class _Read:
    """A window's objective without penalties, its mean cross entropy, the penalties if any, the new state."""

    objective: Tensor
    loss: Tensor
    penalty: Tensor | None
    state: Any


_Reader = Callable[[Any, Tensor, Any, Recipe, SoftTargets | None], _Read]


def _slices(
    read_window: _Reader,
    network: nn.Module,
    windows: list[Tensor],
    states: list[_States],
    recipe: Recipe,
    teacher: Teacher | None,
) -> Iterator[Slice]:
    """Losses of the slices of one window; ``states`` moves on."""
    columns = sum(window.shape[1] for window in windows)
    for window, carried in zip(windows, states, strict=True):
        soft = None
        if teacher is not None:
            soft, carried.teacher = soft_targets(teacher, window[:-1], carried.teacher)
        read = read_window(network, window, carried.own, recipe, soft)
        carried.own = detached(read.state)
        objective = read.objective if read.penalty is None else read.objective + read.penalty
        share = window.shape[1] / columns
        if share == 1:
            yield Slice(objective, read.loss)
        else:
            yield Slice(objective * share, read.loss.detach() * share)


def _with_loss(
    network: GivesLoss, window: Tensor, state: Any, recipe: Recipe, soft: SoftTargets | None
) -> _Read:
    """What a window ``(time + 1, batch)`` gives, by the network's own way to its loss."""
    seen = network.window_loss(window[:-1], window[1:], state, soft)
    penalty = activation_penalty(seen, recipe.ar, recipe.tar) if _penalised(recipe) else None
    return _Read(seen.objective, seen.objective if soft is None else seen.cross_entropy, penalty, seen.state)


def _with_scores(
    network: nn.Module, window: Tensor, state: Any, recipe: Recipe, soft: SoftTargets | None
) -> _Read:
    """The same of any network, through the scores of all tokens."""
    inputs, targets, penalty = window[:-1], window[1:], None
    if _penalised(recipe):
        assert isinstance(network, Reads), "the task refuses penalties of other networks"
        reading = network.read(inputs, state)
        scores, state = reading.scores, reading.state
        penalty = activation_penalty(reading, recipe.ar, recipe.tar)
    else:
        scores, state = network(inputs, state)
    objective, loss = scored_loss(scores.flatten(0, 1), targets.flatten(), soft)
    return _Read(objective, objective if soft is None else loss, penalty, state)


def _penalised(recipe: Recipe) -> bool:
    return recipe.ar > 0 or recipe.tar > 0


@torch.no_grad()
def soft_targets(teacher: Teacher, tokens: Tensor, state: Any) -> tuple[SoftTargets, Any]:
    """A teacher's distributions of the tokens of a window ``(time, batch)``, and its new state."""
    network, share, temperature = teacher.network, teacher.weight, teacher.temperature
    if isinstance(network, LanguageModel) and type(network).decode is LanguageModel.decode:
        seen = network.activations(tokens, state)
        decoder = network.decoder
        flat = seen.dropped.flatten(0, 1)
        return SoftTargets.decoded(flat, decoder.weight, decoder.bias, share, temperature), seen.state
    scores, state = network(tokens, state)
    return SoftTargets.given(scores.flatten(0, 1), share, temperature), state


def detached(state: Any) -> Any:
    """The carried state without its graph, whatever nest of tuples the network uses."""
    if isinstance(state, Tensor):
        return state.detach()
    return tuple(detached(part) for part in state)
