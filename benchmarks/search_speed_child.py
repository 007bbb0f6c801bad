"""One side of search_speed.py: works with whichever version of the package it finds, and says how long.

search_speed_child.py search FILE [PRECISION] | step
"""

import json
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import torch
from torch import nn

import hyperprune
from hyperprune.models import ModelConfig
from hyperprune.optim import build
from hyperprune.search import CandidateEnded, configure, run

STEPS = 20


def searched(file: Path, precision: str | None) -> dict[str, Any]:
    """A search with one worker; its best final validation score.

    ``wall`` and ``cpu`` run until the last finalist has ended, ``whole`` until the result is written: later
    versions train yardsticks in between, which earlier ones did not have.
    """
    config = configure(None, file, {"recipe.precision": precision} if precision else {})
    ended = [0.0, 0.0]
    began = time.perf_counter(), time.process_time()

    def hear(event: object) -> None:
        if isinstance(event, CandidateEnded):
            ended[:] = time.perf_counter() - began[0], time.process_time() - began[1]

    with tempfile.TemporaryDirectory() as folder:
        found: Any = run(config, Path(folder) / "run", listener=hear)
        whole = time.perf_counter() - began[0]
        result = getattr(found, "result", found)  # of a later version; it is read from the folder
    selected = result.candidates[result.selected]
    score = selected.final.valid_score
    return {"wall": ended[0], "cpu": ended[1], "whole": whole, "score": score}


def stepped() -> dict[str, Any]:
    """Training steps of two LSTM layers of 200 units at vocabulary 10,000, one thread."""
    try:
        from hyperprune.tasks import Recipe
        from hyperprune.tasks.text.language_batches import batches
    except ImportError:  # before tasks had a room of their own
        from hyperprune.training.language_batches import batches
        from hyperprune.training.recipe import Recipe
    try:
        from hyperprune.sparsity.optimizers.clip import clip_all as clip
    except ImportError:  # before training clipped in a way of its own
        clip = nn.utils.clip_grad_norm_
    torch.set_num_threads(1)
    torch.manual_seed(0)
    recipe = Recipe(batch=20, bptt=35)
    sizes = {"kind": "stacked-lstm", "embedding": 200, "hidden": 200, "layers": 2}
    network: nn.Module = ModelConfig.model_validate(sizes).build(10_000)
    optimizer = build("sgd", network, lr=1e-3)
    text = torch.randint(10_000, (recipe.bptt + 1, recipe.batch))

    def step() -> None:
        (batch,) = batches(network, text, recipe, torch.Generator())
        optimizer.zero_grad(set_to_none=True)
        float(batch.backward())
        clip(network.parameters(), recipe.clip)
        optimizer.step()

    for _ in range(3):
        step()
    began, faults = (time.perf_counter(), time.process_time()), _page_faults()
    for _ in range(STEPS):
        step()
    took = (time.perf_counter() - began[0]) / STEPS, (time.process_time() - began[1]) / STEPS
    faults = (_page_faults() - faults) / STEPS
    return {"wall": took[0], "cpu": took[1], "whole": None, "score": None, "faults": faults}


def _page_faults() -> float:
    """Pages of memory that the system had to hand out so far: memory that is given back costs them again."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt


if __name__ == "__main__":
    what, *rest = sys.argv[1:]
    told = stepped() if what == "step" else searched(Path(rest[0]), rest[1] if len(rest) > 1 else None)
    print(json.dumps({**told, "package": hyperprune.__file__}))
