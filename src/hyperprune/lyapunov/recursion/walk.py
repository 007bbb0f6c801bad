"""The layers of a stack run along stretches of time, each fed by the one below."""

from collections.abc import Iterator, Sequence

from torch import Tensor

from hyperprune.lyapunov.layers import Layer, Linearization

# Numbers of state that one stretch of time holds before the recursion catches up.
_STRETCH_NUMBERS = 2**19


class Walk:
    """A stack on its way.

    Args:
        layers: layer 1 first.
        states: where each begins, ``(batch, state)``.
    """

    def __init__(self, layers: Sequence[Layer], states: Sequence[Tensor]) -> None:
        self.layers, self.states = layers, list(states)
        widest = max(layer.state_size for layer in layers)
        self._longest = max(1, _STRETCH_NUMBERS // (len(states[0]) * widest))
        self._ahead: tuple[list[Linearization], list[Tensor]] | None = None

    def stretches(self, first: int, steps: int) -> Iterator[tuple[int, int]]:
        """Beginnings and lengths of the stretches that make up some steps."""
        for begin in range(first, first + steps, self._longest):
            yield begin, min(self._longest, first + steps - begin)

    def look_ahead(self, inputs: Tensor | None, steps: int, active: Tensor | None) -> list[Linearization]:
        """What the next :meth:`advance` will give, which must be for the same stretch."""
        begin = list(self.states)
        linearizations = self.advance(inputs, steps, active)
        self._ahead, self.states = (linearizations, self.states), begin
        return linearizations

    def advance(self, inputs: Tensor | None, steps: int, active: Tensor | None) -> list[Linearization]:
        """Move on by a stretch; arguments as those of :meth:`Layer.run`."""
        if self._ahead is not None:
            (linearizations, self.states), self._ahead = self._ahead, None
            return linearizations
        linearizations = []
        for number, layer in enumerate(self.layers):
            trajectory = layer.run(inputs, steps, self.states[number], active)
            self.states[number], inputs = trajectory.state, trajectory.outputs
            linearizations.append(trajectory.linearization)
        return linearizations


def cut(series: Tensor | None, first: int, steps: int) -> Tensor | None:
    """The part of a series that belongs to a stretch."""
    return None if series is None else series[first : first + steps]
