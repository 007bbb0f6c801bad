"""Systems without the wrappers of ``torch.compile``: derivatives are taken of the code itself."""

from typing import Any

import torch
from torch import nn

from hyperprune.errors import ConfigurationError

_WRAPPED = "_orig_mod"  # where torch.compile keeps a module, and "_torchdynamo_orig_callable" a function


def plain(system: Any) -> Any:
    """The module, function or list of those that ``system`` runs.

    Raises:
        ConfigurationError: it is a script, whose code is gone.
    """
    if isinstance(system, list | tuple | nn.ModuleList):
        return [plain(part) for part in system]
    if isinstance(system, torch.jit.ScriptModule | torch.jit.ScriptFunction):
        raise ConfigurationError(
            f"a spectrum needs derivatives that torch.jit's {type(system).__name__} does not give: give the "
            "module or function it was made from"
        )
    if isinstance(system, nn.Module):
        inner = system._modules.get(_WRAPPED)
        return system if inner is None else plain(inner)
    return getattr(system, "_torchdynamo_orig_callable", system)


def plain_name(name: str) -> str:
    """The name of a submodule as it is without wrappers."""
    return ".".join(part for part in name.split(".") if part != _WRAPPED)
