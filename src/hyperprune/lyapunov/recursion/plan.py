"""Which inputs are fed, which steps count, and where a QR is due."""

from dataclasses import dataclass

from hyperprune.errors import ConfigurationError
from hyperprune.lyapunov.conventions import Conventions


@dataclass(frozen=True)
class Phase:
    """A run of steps on consecutive inputs.

    Attributes:
        first: index of the first input.
        steps: how many steps.
        counted: whether their logarithms enter the average.
        qr_every: steps between two QR; None for one at the end only. The last step always ends in one.
    """

    first: int
    steps: int
    counted: bool
    qr_every: int | None

    def qr_due(self, step: int) -> int:
        """Steps since the last QR if one is due after step ``step`` (from 0), else 0."""
        every = self.qr_every or self.steps
        if (step + 1) % every == 0:
            return every
        return (step + 1) % every if step + 1 == self.steps else 0


def plan(conventions: Conventions, length: int | None) -> list[Phase]:
    """The phases of a computation on ``length`` inputs, None for a map without input.

    Raises:
        ConfigurationError: too few inputs, or a map without input and without a number of steps.
    """
    warmup, steps = conventions.warmup, conventions.steps
    begin = 0 if conventions.rewind else warmup
    if length is None:
        if steps is None:
            raise ConfigurationError(
                "steps must be given where there are no inputs: give for instance steps=1000"
            )
    else:
        needed = max(warmup, begin + (steps or 1))
        if length < needed:
            raise ConfigurationError(
                f"warm-up and counted steps need {needed} inputs, got {length}: give longer inputs, or "
                "smaller warmup and steps"
            )
        steps = steps or length - begin
    every = conventions.qr_interval
    warm = Phase(0, warmup, counted=False, qr_every=every if conventions.warmup_qr else None)
    counted = Phase(begin, steps, counted=True, qr_every=every)
    return [phase for phase in (warm, counted) if phase.steps]
