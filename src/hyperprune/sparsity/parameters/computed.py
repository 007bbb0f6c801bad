"""Weights that a module computes from its parameters, such as under weight normalisation."""

from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize


def foreign_weights(model: nn.Module) -> Iterator[tuple[str, list[str], str]]:
    """Computed weights on which a mask of their parameters would be none of their own.

    Where every entry is computed from its own parameter alone and zero stays zero, as under dropout or
    spectral normalisation, the mask holds and the weight is left out.

    Yields:
        Name of the weight, names of the parameters that it is computed from, and what undoes it.
    """
    for prefix, module in model.named_modules():
        start = f"{prefix}." if prefix else ""
        if parametrize.is_parametrized(module):
            chains = module.parametrizations
            assert isinstance(chains, nn.ModuleDict)
            for name, chain in chains.items():
                if not _entry_by_entry(chain):
                    sources = [f"{start}parametrizations.{name}.{own}" for own, _ in chain.named_parameters()]
                    yield start + name, sources, "torch.nn.utils.parametrize.remove_parametrizations"
        yield from _hooked(start, module)


def _hooked(start: str, module: nn.Module) -> Iterator[tuple[str, list[str], str]]:
    """Weights that a hook of torch's older functions computes before each forward pass."""
    parameters = {name for name, _ in module.named_parameters(recurse=False)}
    buffers = {name for name, _ in module.named_buffers(recurse=False)}
    for name, value in vars(module).items():
        if not isinstance(value, Tensor):
            continue
        if {f"{name}_g", f"{name}_v"} <= parameters:
            sources = [f"{start}{name}_g", f"{start}{name}_v"]
            yield start + name, sources, "torch.nn.utils.remove_weight_norm"
        if f"{name}_orig" in parameters and f"{name}_mask" in buffers:
            yield start + name, [f"{start}{name}_orig"], "torch.nn.utils.prune.remove"


def _entry_by_entry(chain: nn.Module) -> bool:
    """True if zeros of the original, and only they, are zeros of the weight; found out by a trial."""
    original = getattr(chain, "original", None)
    if not isinstance(original, Tensor):
        return False  # several originals
    draws = torch.rand((2, *original.shape), generator=torch.Generator().manual_seed(0)).to(original)
    live = draws[0] < 0.5
    modes = [(module, module.training) for module in chain.modules()]
    chain.eval()
    try:
        with torch.no_grad():
            weight = (draws[1] + 0.5) * live
            for step in chain.children():
                weight = step(weight)
    except RuntimeError:
        return False  # it takes no matrix but those that it made
    finally:
        for module, training in modes:
            module.training = training
    return weight.shape == original.shape and torch.equal(weight != 0, live)
