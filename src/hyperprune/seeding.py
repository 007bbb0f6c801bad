"""One root seed, and independent streams derived from it by name."""

import hashlib
import json

import torch


def derive(root: int, *names: object) -> int:
    """A 63-bit seed for the stream that ``names`` names, stable across processes and machines.

    Args:
        root: the root seed of a run.
        names: anything JSON can write; dictionaries are written with sorted keys.
    """
    text = json.dumps([root, *names], sort_keys=True, separators=(",", ":"))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


def generator(root: int, *names: object) -> torch.Generator:
    """A CPU generator of its own for the stream that ``names`` names."""
    return torch.Generator().manual_seed(derive(root, *names))


def seed_globally(seed: int) -> None:
    """Seed torch's global generators, which dropout and initialisation draw from.

    Called once at the start of a job, before data, model or masks exist.
    """
    torch.manual_seed(seed)
