"""Which directions of each layer are alive: by its weights, or by the Jacobians along the whole way."""

from collections.abc import Sequence

from torch import Tensor

from hyperprune.lyapunov.layers import Layer, Linearization
from hyperprune.lyapunov.recursion.plan import Phase
from hyperprune.lyapunov.recursion.walk import Walk, cut
from hyperprune.lyapunov.structure import Component, components

# The components of a layer that has dead directions; None where it has none.
Structure = list[Component] | None


def survey_weights(layers: Sequence[Layer]) -> tuple[list[Structure], list[int]]:
    """The structure of each layer as far as its weights tell, and the layers whose weights do not."""
    patterns = [layer.patterns() for layer in layers]
    found = [components(own) if own else None for own in patterns]
    return found, [number for number, own in enumerate(patterns) if own is None]


def survey(
    walk: Walk,
    known: Sequence[Structure],
    unknown: Sequence[int],
    inputs: Tensor | None,
    phases: Sequence[Phase],
    active: Tensor | None,
    k: int | None,
) -> list[Structure]:
    """The structure of each layer, of those whose weights do not tell by its Jacobians.

    The first step decides where its zeros leave all alive. Otherwise the whole way is walked once more, and
    a place counts as zero that is zero in every sequence at every step.

    Args:
        walk: the stack at its beginning, where it stays.
        known: the structures that :func:`survey_weights` gave.
        unknown: the layers that it named.
        inputs: ``(time, batch, ...)`` or None.
        phases: the steps to be taken.
        active: ``(time, batch)``, which sequences take a step; None for all.
        k: columns followed; None for all.
    """
    found = list(known)
    if not unknown:
        return found
    columns = [min(k or layer.tracked, layer.tracked) for layer in walk.layers]
    first, steps = next(walk.stretches(phases[0].first, phases[0].steps))
    begin = walk.look_ahead(cut(inputs, first, steps), steps, cut(active, first, steps))
    seen: dict[int, list[Tensor]] = {}
    for number in unknown:
        patterns = begin[number].patterns(0, columns[number])
        if patterns is not None and components(patterns) is not None:
            seen[number] = list(patterns)
    if seen:
        again = Walk(walk.layers, walk.states)
        for phase in phases:
            for first, steps in again.stretches(phase.first, phase.steps):
                taken = cut(active, first, steps)
                linearizations = again.advance(cut(inputs, first, steps), steps, taken)
                for number, patterns in seen.items():
                    _add(patterns, linearizations[number], steps, taken, columns[number])
    for number, patterns in seen.items():
        found[number] = components(patterns)
    return found


def _add(
    patterns: list[Tensor], linearization: Linearization, steps: int, active: Tensor | None, columns: int
) -> None:
    """What differs from zero at any step that is taken; a pattern that is full needs no further look."""
    for t in range(steps):
        if active is not None and not bool(active[t].any()):
            continue
        if all(bool(pattern.all()) for pattern in patterns):
            return
        now = linearization.patterns(t, columns)
        assert now is not None
        for pattern, other in zip(patterns, now, strict=True):
            pattern |= other
