"""Optimisers whose steps carry no label for torch's profiler while it is off.

torch wraps the ``step`` of every optimiser to run its hooks and to label it. The label is made whether or not
a profiler is there to read it, which shows in a small network's step on a CPU.
"""

from collections.abc import Callable
from functools import wraps
from inspect import unwrap
from typing import Any

import torch
from torch.autograd import profiler
from torch.optim import Optimizer

from hyperprune.sparsity.optimizers.state import has_hooks

Step = Callable[..., Any]


def unlabelled(step: Step) -> Step:
    """The step, as torch wraps it where there is a profiler or a hook to run, and as it is elsewhere.

    Args:
        step: a method of an optimiser, with ``torch.no_grad`` around it.
    """
    wrapped = Optimizer.profile_hook_step(step)

    @wraps(step)
    def stepped(self: Optimizer, *args: Any, **kwargs: Any) -> Any:
        if profiler._is_profiler_enabled or has_hooks(self):
            return wrapped(self, *args, **kwargs)
        return step(self, *args, **kwargs)

    stepped.hooked = True  # type: ignore[attr-defined]  # tells torch that it is wrapped already
    return stepped


def step_of(kind: type[Optimizer]) -> Step:
    """The step of one of torch's own optimisers, unlabelled."""
    return unlabelled(torch.no_grad()(unwrap(kind.step)))
