"""``hyperprune search``."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from hyperprune import reports
from hyperprune.cli.progress import SearchProgress
from hyperprune.cli.tables import networks_table
from hyperprune.reports import cost_sentences, variant_sentences
from hyperprune.search import PRESETS, RunFolder, configure, load_timings, run

_RUN = "Run"
_WHAT = "What is searched (overrides preset and file)"


def search(
    preset: Annotated[
        str | None, typer.Option(help=f"Ready configuration: {', '.join(PRESETS)}.", rich_help_panel=_RUN)
    ] = None,
    config: Annotated[
        Path | None, typer.Option(help="TOML file; overrides the preset.", rich_help_panel=_RUN)
    ] = None,
    out: Annotated[
        Path, typer.Option(help="Run folder. The same command goes on with it.", rich_help_panel=_RUN)
    ] = Path("runs/search"),
    as_json: Annotated[
        bool, typer.Option("--json", help="Print result.json instead of tables.", rich_help_panel=_RUN)
    ] = False,
    corpus: Annotated[
        str | None, typer.Option(help="Folder, text file or python-docs.", rich_help_panel=_WHAT)
    ] = None,
    max_train_tokens: Annotated[
        int | None, typer.Option(help="Keep the first training tokens.", rich_help_panel=_WHAT)
    ] = None,
    max_vocabulary: Annotated[
        int | None, typer.Option(help="Keep the most frequent types.", rich_help_panel=_WHAT)
    ] = None,
    embedding: Annotated[int | None, typer.Option(help="Embedding size.", rich_help_panel=_WHAT)] = None,
    hidden: Annotated[int | None, typer.Option(help="Units of each layer.", rich_help_panel=_WHAT)] = None,
    layers: Annotated[int | None, typer.Option(help="Recurrent layers.", rich_help_panel=_WHAT)] = None,
    dropout: Annotated[float | None, typer.Option(help="Dropout.", rich_help_panel=_WHAT)] = None,
    learning_rate: Annotated[float | None, typer.Option(help="Learning rate.", rich_help_panel=_WHAT)] = None,
    batch: Annotated[
        int | None, typer.Option(help="Columns of training text.", rich_help_panel=_WHAT)
    ] = None,
    bptt: Annotated[int | None, typer.Option(help="Steps back in time.", rich_help_panel=_WHAT)] = None,
    epochs: Annotated[
        int | None, typer.Option(help="Full budget of dense and finals.", rich_help_panel=_WHAT)
    ] = None,
    sparsity: Annotated[
        float | None, typer.Option(help="Share of prunable weights that is zero.", rich_help_panel=_WHAT)
    ] = None,
    candidates: Annotated[int | None, typer.Option(help="Suggested variants.", rich_help_panel=_WHAT)] = None,
    first_epochs: Annotated[
        int | None, typer.Option(help="Epochs before the first ranking.", rich_help_panel=_WHAT)
    ] = None,
    round_epochs: Annotated[
        int | None, typer.Option(help="Further epochs a round.", rich_help_panel=_WHAT)
    ] = None,
    metric: Annotated[
        str | None, typer.Option(help="Early metric: ls or loss.", rich_help_panel=_WHAT)
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Root seed.", rich_help_panel=_WHAT)] = None,
    threads: Annotated[int | None, typer.Option(help="Threads of each job.", rich_help_panel=_WHAT)] = None,
    device: Annotated[str | None, typer.Option(help="Such as cpu or cuda:0.", rich_help_panel=_WHAT)] = None,
) -> None:
    """Search pruned variants of a recurrent network on a text.

    Trains the dense network as the reference, a pool of pruned variants for a few epochs, and keeps the
    better half by the distance of their Lyapunov spectra to the dense one, round by round. An interrupted
    search goes on when the same command is given again.
    """
    values = {
        "corpus.source": corpus,
        "corpus.max_train_tokens": max_train_tokens,
        "corpus.max_vocabulary": max_vocabulary,
        "model.embedding": embedding,
        "model.hidden": hidden,
        "model.layers": layers,
        "model.dropout": dropout,
        "recipe.learning_rate": learning_rate,
        "recipe.batch": batch,
        "recipe.bptt": bptt,
        "recipe.epochs": epochs,
        "sparsity": sparsity,
        "search.candidates": candidates,
        "search.first_epochs": first_epochs,
        "search.round_epochs": round_epochs,
        "search.metric": metric,
        "seed": seed,
        "runtime.threads": threads,
        "runtime.device": device,
    }
    settings = configure(preset or ("demo" if config is None else None), config, values)
    console = Console(stderr=as_json)
    with SearchProgress(settings, console) as progress:
        result = run(settings, out, listener=progress)
    folder = RunFolder(out.expanduser().resolve())
    page = reports.write(folder)
    if as_json:
        typer.echo(json.dumps(result.model_dump(mode="json"), sort_keys=True, indent=1))
        return
    timings = load_timings(folder)
    console.print(networks_table(result, timings))
    for line in (*variant_sentences(result), *cost_sentences(result, timings)):
        console.print(line, highlight=False)
    console.print(f"Report: {page}", soft_wrap=True)
