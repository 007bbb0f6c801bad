"""One epoch of next-token prediction: windows of the text, in slices of its columns."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from hyperprune.models import GivesLoss, Reads
from hyperprune.tasks.batch import Batch, Slice
from hyperprune.tasks.recipe import Recipe
from hyperprune.tasks.text.penalties import activation_penalty
from hyperprune.tasks.text.window_lengths import fixed_lengths, random_lengths


def batches(network: nn.Module, text: Tensor, recipe: Recipe, generator: torch.Generator) -> Iterator[Batch]:
    """The windows of an epoch, the hidden state carried from one to the next.

    Args:
        network: trained by the caller.
        text: ``(time, batch)``.
        recipe: bptt, slices and penalties.
        generator: draws random lengths; that of the epoch.
    """
    columns = text.split(recipe.slice or text.shape[1], dim=1)
    states: list[Any] = [None] * len(columns)
    total, start = len(text) - 1, 0
    drawn = recipe.random_bptt
    lengths = random_lengths(total, recipe.bptt, generator) if drawn else fixed_lengths(total, recipe.bptt)
    for length in lengths:
        windows = [own[start : start + length + 1] for own in columns]
        rate = length / recipe.bptt if drawn else 1.0
        yield Batch(_slices(network, windows, states, recipe), length * text.shape[1], rate)
        start += length


def _slices(network: nn.Module, windows: list[Tensor], states: list[Any], recipe: Recipe) -> Iterator[Slice]:
    """Losses of the slices of one window; ``states`` moves on."""
    columns = sum(window.shape[1] for window in windows)
    for number, window in enumerate(windows):
        loss, penalty, state = _loss(network, window, states[number], recipe)
        states[number] = detached(state)
        objective = loss if penalty is None else loss + penalty
        share = window.shape[1] / columns
        if share == 1:
            yield Slice(objective, loss)
        else:
            yield Slice(objective * share, loss.detach() * share)


def _loss(
    network: nn.Module, window: Tensor, state: Any, recipe: Recipe
) -> tuple[Tensor, Tensor | None, Any]:
    """Mean cross entropy of a window ``(time + 1, batch)``, the penalties if there are any, the new state."""
    inputs, targets, penalised = window[:-1], window[1:], recipe.ar > 0 or recipe.tar > 0
    if isinstance(network, GivesLoss):
        seen = network.window_loss(inputs, targets, state)
        penalty = activation_penalty(seen, recipe.ar, recipe.tar) if penalised else None
        return seen.objective, penalty, seen.state
    targets = targets.flatten()
    if not penalised:
        scores, state = network(inputs, state)
        return cross_entropy(scores.flatten(0, 1), targets), None, state
    assert isinstance(network, Reads), "the task refuses penalties of other networks"
    reading = network.read(inputs, state)
    loss = cross_entropy(reading.scores.flatten(0, 1), targets)
    return loss, activation_penalty(reading, recipe.ar, recipe.tar), reading.state


def detached(state: Any) -> Any:
    """The carried state without its graph, whatever nest of tuples the network uses."""
    if isinstance(state, Tensor):
        return state.detach()
    return tuple(detached(part) for part in state)
