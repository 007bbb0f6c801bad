"""Optimisers that load torch's compiler only if somebody else has.

torch keeps four methods of every optimiser out of what it compiles, and loads its compiler to do so: about a
second in each process that trains, though nothing there is compiled.
"""

import sys
from collections.abc import Callable
from functools import wraps
from typing import Any

from torch.optim import Optimizer

Method = Callable[..., Any]


def _without_compiler(method: Method) -> Method:
    """As torch wraps it once its compiler is loaded, and the method itself before."""
    itself = getattr(method, "__wrapped__", method)

    @wraps(itself)
    def called(self: Optimizer, *args: Any, **kwargs: Any) -> Any:
        chosen = method if "torch._dynamo" in sys.modules else itself
        return chosen(self, *args, **kwargs)

    return called


class Uncompiled(Optimizer):
    """The methods of torch's own optimisers that would load its compiler; to be derived from first."""

    add_param_group = _without_compiler(Optimizer.add_param_group)
    zero_grad = _without_compiler(Optimizer.zero_grad)
    state_dict = _without_compiler(Optimizer.state_dict)
    load_state_dict = _without_compiler(Optimizer.load_state_dict)
