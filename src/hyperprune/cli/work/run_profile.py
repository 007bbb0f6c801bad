"""What ``hyperprune profile`` does."""

from dataclasses import asdict
from pathlib import Path

import torch
from rich import box
from rich.console import Console
from rich.table import Table

from hyperprune.cli.own_tasks import importable
from hyperprune.cli.terminal.output import print_json
from hyperprune.export import Profile
from hyperprune.export import profile as account


def profile(
    target: Path,
    candidate: int | None,
    task: str | None,
    *,
    dense: bool,
    time: bool,
    rounds: int,
    threads: int,
    as_json: bool,
) -> None:
    """Take the account and show it."""
    torch.set_num_threads(threads)
    importable()
    found = account(target, candidate=candidate, dense=dense, task=task, time=time, rounds=rounds)
    if as_json:
        print_json(asdict(found))
        return
    console = Console(highlight=False, soft_wrap=True)
    console.print(_weights(found))
    console.print(
        f"{found.live:,} of {found.weights:,} weights live, biases included; multiply-adds a token "
        f"{found.multiply_adds:,} of {found.dense_multiply_adds:,}\n"
        f"on disk {found.disk:,} bytes, dense {found.dense_disk:,}"
    )
    console.print(_engines(found))
    if found.timings:
        console.print(verdict(found))


def verdict(found: Profile) -> str:
    """Which engine was the fastest at batch 1, pruned or not."""
    best = min(found.timings, key=lambda name: found.timings[name].latency)
    pruned = {name: timing.latency for name, timing in found.timings.items() if name.startswith("pruned")}
    line = f"fastest here at batch 1: {best}"
    if pruned and not best.startswith("pruned"):
        own = min(pruned, key=lambda name: pruned[name])
        times = pruned[own] / found.timings[best].latency
        line += f"; the pruned network takes {times:.2f} times as long ({own}), so it pays in bytes alone"
    return line


def _weights(found: Profile) -> Table:
    table = Table(title="Weights", title_justify="left", box=box.SIMPLE_HEAD)
    for number, heading in enumerate(("matrix", "gate", "live", "of", "density")):
        table.add_column(heading, justify="left" if number < 2 else "right")
    for row in found.rows:
        table.add_row(row.matrix, row.gate, f"{row.live:,}", f"{row.weights:,}", f"{row.density:.3f}")
    return table


def _engines(found: Profile) -> Table:
    table = Table(title="Running it on this machine", title_justify="left", box=box.SIMPLE_HEAD)
    headings = ("", "us a token, batch 1", "beside dense torch", "tokens/s, batch 20", "bytes in memory", "")
    for number, heading in enumerate(headings):
        table.add_column(heading, justify="right" if 0 < number < 5 else "left")
    for name, size in found.memory.items():
        timing = found.timings.get(name)
        times = (
            ("", "", "")
            if timing is None
            else (f"{timing.latency:,.1f}", f"{timing.slower:.2f}", f"{timing.throughput:,.0f}")
        )
        table.add_row(name, *times, f"{size:,}", found.kernels[name])
    return table
