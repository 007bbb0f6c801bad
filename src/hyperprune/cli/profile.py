"""``hyperprune profile``."""

from pathlib import Path
from typing import Annotated

import typer

from hyperprune.cli import options
from hyperprune.cli.table import option


def profile(
    target: Annotated[
        Path, typer.Argument(help="Run folder, checkpoint, or an export of the format torch or hub.")
    ],
    candidate: options.Candidate = None,
    dense: options.Dense = False,
    task: options.TaskAgain = None,
    time: Annotated[bool, option(None, "Measure times on this machine.", "--time/--no-time")] = True,
    rounds: Annotated[int, option(None, "Rounds of alternating measurements.", min=1, max=1000)] = 9,
    threads: options.Threads = 1,
    as_json: options.Json = False,
) -> None:
    """Show the size and cost of a network, and its speed here beside the dense one.

    Weights and densities by layer and gate, multiply-adds a token, bytes on disk and in memory; microseconds
    a token at batch 1 and tokens a second at batch 20, decoder included, as medians of runs that take turns.
    """
    from hyperprune.cli.work import run_profile

    run_profile.profile(
        target, candidate, task, dense=dense, time=time, rounds=rounds, threads=threads, as_json=as_json
    )
