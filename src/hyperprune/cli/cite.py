"""``hyperprune cite``."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer


def cite(
    run: Annotated[Path, typer.Argument(help="Run folder of a search or a training.")] = Path("runs/search"),
    as_json: Annotated[bool, typer.Option("--json", help="Records instead of lines.")] = False,
) -> None:
    """List the papers behind a run: method, spectra, sampler, network, optimiser, pruning rules."""
    from hyperprune import files
    from hyperprune.cli.terminal.output import print_json
    from hyperprune.cli.terminal.screen import Screen
    from hyperprune.search import load, papers, training_papers
    from hyperprune.training import TrainingRun

    opened = load(files.place(run))
    found = training_papers(opened.config) if isinstance(opened, TrainingRun) else papers(opened.config)
    if as_json:
        print_json([asdict(paper) for paper in found])
        return
    for paper in found:
        Screen().say(f"* {paper}")
