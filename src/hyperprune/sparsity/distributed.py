"""The same masks in every process of a DistributedDataParallel training."""

from collections.abc import Mapping

import torch
import torch.distributed as dist
from torch import Tensor

from hyperprune.sparsity.update import Change


def several_processes() -> bool:
    """True if the default process group exists and has more than one member."""
    return dist.is_available() and dist.is_initialized() and dist.get_world_size() > 1


def share_generator(generator: torch.Generator, device: torch.device) -> None:
    """Give every process the state of the first one's generator."""
    state = generator.get_state().to(device)
    dist.broadcast(state, src=0)
    generator.set_state(state.cpu())


def share_masks(masks: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The first process's masks."""
    shared = _broadcast({name: mask.to(torch.uint8) for name, mask in masks.items()})
    return {name: code.bool() for name, code in shared.items()}


def share_change(change: Change) -> Change:
    """The first process's change, its counts and memory included.

    Each process has computed one of its own, so that all generators have advanced alike.
    """
    codes = {name: mask + 2 * change.grown[name].to(torch.uint8) for name, mask in change.masks.items()}
    names, memory = list(change.masks), sorted(change.memory)
    numbers = [
        *(change.died[n] for n in names),
        *(change.grew[n] for n in names),
        *(change.memory[k] for k in memory),
    ]
    device = next(iter(change.masks.values())).device
    packed = torch.tensor(numbers, dtype=torch.float64, device=device)
    dist.broadcast(packed, src=0)
    values = packed.tolist()
    shared = _broadcast(codes)
    return Change(
        masks={name: (code & 1).bool() for name, code in shared.items()},
        grown={name: (code & 2).bool() for name, code in shared.items()},
        died={name: int(v) for name, v in zip(names, values, strict=False)},
        grew={name: int(v) for name, v in zip(names, values[len(names) :], strict=False)},
        memory=dict(zip(memory, values[2 * len(names) :], strict=True)),
    )


def _broadcast(codes: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The first process's bytes, all of them in one message."""
    flat = torch.cat([code.flatten() for code in codes.values()])
    dist.broadcast(flat, src=0)
    parts = flat.split([code.numel() for code in codes.values()])
    return {name: part.view(code.shape) for (name, code), part in zip(codes.items(), parts, strict=True)}
