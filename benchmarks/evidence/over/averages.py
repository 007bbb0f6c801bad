"""Weights averaged over the steps of an epoch, without a word in the training itself."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor
from torch.optim import Optimizer
from torch.optim.optimizer import register_optimizer_step_pre_hook


class Averages:
    """Sums of every parameter as each step finds it, masks applied, for each optimiser that steps."""

    def __init__(self) -> None:
        self._sums: dict[int, list[Tensor]] = {}
        self._steps: dict[int, int] = {}

    @torch.no_grad()
    def _add(self, optimizer: Optimizer, *_: object) -> None:
        values = [value for group in optimizer.param_groups for value in group["params"]]
        key = id(optimizer)
        if key not in self._sums:
            self._sums[key] = [torch.zeros_like(value, dtype=torch.float64) for value in values]
        for total, value in zip(self._sums[key], values, strict=True):
            total.add_(value)
        self._steps[key] = self._steps.get(key, 0) + 1

    @contextmanager
    def of_steps(self) -> Iterator[None]:
        """Inside, every optimiser's steps count."""
        handle = register_optimizer_step_pre_hook(self._add)
        try:
            yield
        finally:
            handle.remove()

    def means(self) -> list[Tensor] | None:
        """Of the optimiser that stepped most, in the order of its parameters; None if no step was taken."""
        if not self._steps:
            return None
        key = max(self._steps, key=self._steps.__getitem__)
        return [total / self._steps[key] for total in self._sums[key]]
