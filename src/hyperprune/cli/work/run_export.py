"""What ``hyperprune export`` does."""

import math
from pathlib import Path
from typing import Any, Literal, cast

import torch
from rich.console import Console

from hyperprune.cli.own_tasks import importable
from hyperprune.cli.terminal.output import print_json
from hyperprune.errors import ConfigurationError
from hyperprune.export import Export
from hyperprune.export import export as write


def export(
    target: Path,
    out: Path,
    format: Any,  # checked below
    candidate: int | None,
    task: str | None,
    *,
    dense: bool,
    int8: bool,
    compact: bool,
    sequence: bool,
    prefer: str,
    threads: int,
    as_json: bool,
) -> None:
    """Write the folder, and say what it holds and what the check found."""
    if prefer not in ("size", "speed"):
        raise ConfigurationError(f"unknown preference {prefer!r}: choose one of size, speed")
    torch.set_num_threads(threads)
    importable()
    done = write(
        target,
        out,
        format,
        int8=int8,
        compact=compact,
        sequence=sequence,
        prefer=cast(Literal["size", "speed"], prefer),
        candidate=candidate,
        dense=dense,
        task=task,
    )
    if as_json:
        print_json(_document(done))
        return
    console = Console(highlight=False, soft_wrap=True)
    console.print(
        f"{done.format}: {done.folder}, {done.bytes:,} bytes, {done.weights_bytes:,} of them weights"
    )
    for name, (before, after) in done.units.items():
        console.print(f"  {name}: {after:,} of {before:,} units are left")
    for name, choice in done.kept.items():
        console.print(f"  {name}: {choice.layout.name}, {choice.values:,} values, {choice.bytes:,} bytes")
    console.print(_checked(done))
    check = done.check
    if check.losses is not None:
        exact, narrow = check.losses
        console.print(f"loss on the validation part: {exact:.4f}, with 8-bit weights {narrow:.4f}")


def _checked(done: Export) -> str:
    check = done.check
    ran = check.ran.partition(";")[0]
    if math.isnan(check.difference):
        return f"not checked: {ran}"
    inputs = "its own inputs" if check.real else "random inputs"
    beside = "the network" if check.losses is None or done.format == "onnx" else "its 8-bit weights"
    return (
        f"checked by {ran}: {check.sequences} x {check.steps} steps of {inputs}, largest difference from "
        f"{beside} {check.difference:.1e} of the largest output"
    )


def _document(done: Export) -> dict[str, Any]:
    check = done.check
    return {
        "folder": str(done.folder),
        "format": done.format,
        "bytes": done.bytes,
        "weights_bytes": done.weights_bytes,
        "not_plain": done.plain or None,
        "units": done.units,
        "kept": {
            name: {"layout": choice.layout.name, "values": choice.values, "bytes": choice.bytes}
            for name, choice in done.kept.items()
        },
        "check": {
            "ran": check.ran,
            "difference": None if math.isnan(check.difference) else check.difference,
            "steps": check.steps,
            "sequences": check.sequences,
            "real_inputs": check.real,
            "loss": None if check.losses is None else check.losses[0],
            "int8_loss": None if check.losses is None else check.losses[1],
        },
    }
