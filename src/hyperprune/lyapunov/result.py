"""The record of a finished recursion."""

import math
import warnings
from collections.abc import Sequence

import torch
from torch import Tensor

from hyperprune.errors import DivergedError
from hyperprune.lyapunov.conventions import Conventions
from hyperprune.lyapunov.layers import Layer
from hyperprune.lyapunov.record import Position, Spectrum
from hyperprune.lyapunov.recursion.blocks import Block
from hyperprune.lyapunov.recursion.run import Recursion
from hyperprune.lyapunov.states import flatten_states

# A direction at rounding in a smaller share of its steps is a small exponent near the limit of its type.
_NOTABLE = 0.1


def make_record(
    recursion: Recursion,
    layers: Sequence[Layer],
    order: Sequence[int],
    conventions: Conventions,
    *,
    running: bool,
    keep_end: bool,
) -> Spectrum:
    """The record of a finished recursion.

    Raises:
        DivergedError: exponents that are no numbers.
    """
    blocks, batch = recursion.blocks, len(recursion.counts)
    unit = math.log(conventions.log_base)
    dead_value = -math.inf if conventions.floor is None else conventions.floor
    owners = torch.tensor([owner for block in blocks for owner in block.owners])
    columns = owners.argsort(stable=True)  # from the order of the state to layer 1 first
    dead = torch.tensor([dead for block in blocks for dead in block.dead])[columns]

    def arranged(attribute: str, value: float) -> Tensor:
        rows = [
            block.shown(block.gather(attribute) if block.strands else _nothing(batch), value)
            for block in blocks
        ]
        return torch.cat([row.cpu() for row in rows], dim=1)[:, columns]

    exponents = arranged("mean", dead_value) / unit
    if bool(exponents.isnan().any() | exponents.isposinf().any()):
        raise DivergedError("the spectrum is not a number: the network or its inputs left the finite numbers")
    clamped = arranged("clamped", 0).long()
    if conventions.floor is not None:
        clamped[:, dead] = recursion.factored[:, None]
    rounded = arranged("rounded", 0).long()
    if bool(rounded.any()):
        _warn(rounded, arranged("clear", 0).long(), recursion.factored)
    history = None
    if running:
        times = int(recursion.factored.max())
        histories = [
            block.shown(block.history(batch) if block.strands else _nothing(times, batch), dead_value)
            for block in blocks
        ]
        history = torch.cat([part.cpu() for part in histories], dim=2)[:, :, columns] / unit
    end = None
    if keep_end:
        end = Position(
            flatten_states(recursion.walk.states, order), tuple(_end_q(block, batch) for block in blocks)
        )
    whole = all(layer.tracked == layer.state_size for layer in layers)
    return Spectrum(
        exponents,
        owners[columns],
        conventions,
        recursion.counts,
        clamped,
        history,
        end,
        dead=dead,
        rounded=rounded,
        whole=whole,
    )


def _nothing(*shape: int) -> Tensor:
    return torch.zeros(*shape, 0, dtype=torch.float64)


def _end_q(block: Block, batch: int) -> Tensor:
    return block.q() if block.strands else _nothing(batch, block.size)


def _warn(rounded: Tensor, clear: Tensor, factored: Tensor) -> None:
    """Say that rank was lost on the way; a direction that is never clear of zero is merely dead."""
    bound = _NOTABLE * factored[:, None]
    sometimes = (rounded > bound) & (clear > bound)
    if bool(sometimes.any()):
        warnings.warn(
            "Jacobians lost rank at some steps (for instance by units of a ReLU that are off): exponents "
            "behind their rank are set by rounding; Spectrum.rounded says how many logarithms were, the "
            "leading exponents stand. dtype=torch.float64 tells zeros from what is only small",
            RuntimeWarning,
            stacklevel=4,  # the caller of spectrum
        )
