"""A training step of every network against an earlier version, both in one process.

    python benchmarks/step_speed.py [--base a851880] [--seconds 20] [NETWORK ...]

Two processes on one machine can differ by a tenth for no reason that either has; two versions in one process,
step by step in turn, differ by what they do. The earlier version's sources are taken from git and its package
renamed. Networks, batches and windows are those of network_step.py, on random tokens, one thread, processor
time. Only networks that the earlier version has can be compared.

Exit status 1 if a network is slower. A few percent are within what repetitions differ by: repeat.
"""

import argparse
import importlib
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import nn

import network_step
from hyperprune.models import known_keys
from hyperprune.search.config.presets import preset
from hyperprune.sparsity.optimizers.clip import clip_all

ROOT = Path(__file__).resolve().parents[1]
NOW, BEFORE = "hyperprune", "hyperprune_before"
BASE = "a851880"
LEAST = 1.0
READ = ("batch", "bptt", "slice", "ar", "tar", "clip")  # of a recipe; windows of one length


def place(revision: str, folder: Path) -> None:
    """Put a revision's package, renamed, into a folder, and make it importable."""
    archive = subprocess.run(
        ["git", "-C", str(ROOT), "archive", revision, f"src/{NOW}"], check=True, capture_output=True
    )
    subprocess.run(["tar", "-x", "-C", folder], input=archive.stdout, check=True)
    (folder / "src" / NOW).rename(folder / BEFORE)
    for file in (folder / BEFORE).rglob("*.py"):
        file.write_text(file.read_text(encoding="utf-8").replace(NOW, BEFORE), encoding="utf-8")
    sys.path.insert(0, str(folder))


def first_of(package: str, *modules: str) -> Any:
    """The first module that the package has; rooms were moved between versions."""
    for module in modules:
        try:
            return importlib.import_module(f"{package}.{module}")
        except ModuleNotFoundError:
            continue
    raise SystemExit(f"{package} has none of {', '.join(modules)}")


def step_of(package: str, line: network_step.Line) -> Callable[[], None]:
    """A training step as the version takes it: forward, loss, backward, clip, optimiser."""
    torch.manual_seed(0)
    batches = first_of(package, "tasks.text.language_batches", "training.language_batches").batches
    tables = preset(line.preset)
    model = tables["model"] if line.kind is None else known_keys(tables["model"], line.kind)
    known = {key: tables["recipe"][key] for key in READ if key in tables["recipe"]}
    recipe = first_of(package, "tasks.recipe", "training.recipe").Recipe(**known)
    sizes = {**model, "kind": line.kind or model["kind"]}
    config = first_of(package, "models").ModelConfig.model_validate(sizes)
    network: nn.Module = config.build(line.types)
    optimizer = first_of(package, "optim").build("sgd", network, lr=1e-3)
    tokens = torch.randint(line.types, (recipe.bptt + 1, recipe.batch))
    clip = nn.utils.clip_grad_norm_
    if package == NOW:
        clip = clip_all

    def step() -> None:
        (batch,) = batches(network, tokens, recipe, torch.Generator())
        optimizer.zero_grad(set_to_none=True)
        float(batch.backward())
        clip(network.parameters(), recipe.clip)
        optimizer.step()

    return step


def measure(line: network_step.Line, seconds: float) -> tuple[float, float, float, int]:
    """Median seconds of a step before and now, the median of the pairs' ratios, and their number."""
    sides = [step_of(package, line) for package in (BEFORE, NOW)]
    took: list[list[float]] = [[], []]
    for side in sides:
        side()
    end = time.monotonic() + seconds
    while time.monotonic() < end or len(took[0]) < 3:
        for side in (0, 1) if len(took[0]) % 2 else (1, 0):
            began = time.process_time()
            sides[side]()
            took[side].append(time.process_time() - began)
    ratio = statistics.median(before / now for before, now in zip(*took, strict=True))
    return statistics.median(took[0]), statistics.median(took[1]), ratio, len(took[0])


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("networks", nargs="*", help="rows to measure; all if left out")
    parser.add_argument("--base", default=BASE, help="revision to compare with")
    parser.add_argument(
        "--seconds", type=float, default=20.0, help="for each network, and three pairs at least"
    )
    options = parser.parse_args()
    torch.set_num_threads(1)
    kept = True
    with tempfile.TemporaryDirectory() as folder:
        place(options.base, Path(folder))
        print(f"| network | {options.base}, ms | now, ms | times as fast | pairs |")
        print("| --- | ---: | ---: | ---: | ---: |")
        for line in network_step.LINES:
            if options.networks and line.name not in options.networks:
                continue
            before, now, ratio, pairs = measure(line, options.seconds)
            kept = kept and ratio >= LEAST
            print(
                f"| {line.name} | {before * 1e3:.1f} | {now * 1e3:.1f} | {ratio:.2f} | {pairs} |", flush=True
            )
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
