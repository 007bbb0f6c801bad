"""``hyperprune search``."""

from pathlib import Path
from typing import Annotated

import typer

from hyperprune.cli import options


def search(
    preset: options.Preset = None,
    config: options.Config = None,
    out: options.Out = Path("runs/search"),
    extend: Annotated[
        bool,
        typer.Option(
            "--extend",
            help="Go on with a finished search: more candidates or epochs, another metric.",
            rich_help_panel=options.RUN,
        ),
    ] = False,
    init: Annotated[
        Path | None,
        typer.Option(
            help="Write a commented configuration to this new file and end.", rich_help_panel=options.RUN
        ),
    ] = None,
    as_json: options.Json = False,
    task: options.Task = None,
    setting: options.Setting = None,
    corpus: options.Corpus = None,
    level: options.Level = None,
    max_train_tokens: options.MaxTrainTokens = None,
    max_vocabulary: options.MaxVocabulary = None,
    model: options.Model = None,
    embedding: options.Embedding = None,
    hidden: options.Hidden = None,
    layers: options.Layers = None,
    dropout: options.Dropout = None,
    optimizer: options.Optimizer = None,
    learning_rate: options.LearningRate = None,
    batch: options.Batch = None,
    bptt: options.Bptt = None,
    epochs: options.Epochs = None,
    sparsity: options.Sparsity = None,
    candidates: Annotated[
        int | None, typer.Option(help="Suggested variants.", rich_help_panel=options.WHAT)
    ] = None,
    first_epochs: Annotated[
        int | None, typer.Option(help="Epochs before the first ranking.", rich_help_panel=options.WHAT)
    ] = None,
    round_epochs: Annotated[
        int | None, typer.Option(help="Further epochs a round.", rich_help_panel=options.WHAT)
    ] = None,
    metric: Annotated[
        str | None, typer.Option(help="Early metric: ls or loss.", rich_help_panel=options.WHAT)
    ] = None,
    near_duplicates: Annotated[
        float | None,
        typer.Option(
            help="Spectra this near count as the same: the worse candidate is not promoted.",
            rich_help_panel=options.WHAT,
        ),
    ] = None,
    seed: options.Seed = None,
    threads: options.Threads = None,
    device: options.Device = None,
    workers: Annotated[
        int | None, typer.Option(help="Networks that train at a time.", rich_help_panel=options.RUN)
    ] = None,
    executor: Annotated[
        str | None,
        typer.Option(help="Where they train: in-process, processes, ray.", rich_help_panel=options.RUN),
    ] = None,
    address: Annotated[
        str | None, typer.Option(help="Address of a Ray cluster, or auto.", rich_help_panel=options.RUN)
    ] = None,
) -> None:
    """Search pruned variants of a recurrent network, on a text or for a task of your own.

    Trains the dense network as the reference, a pool of pruned variants for a few epochs, and keeps the
    better half by the distance of their Lyapunov spectra to the dense one, round by round. An interrupted
    search goes on when the same command is given again.
    """
    values = options.values(
        corpus=corpus,
        level=level,
        max_train_tokens=max_train_tokens,
        max_vocabulary=max_vocabulary,
        model=model,
        embedding=embedding,
        hidden=hidden,
        layers=layers,
        dropout=dropout,
        optimizer=optimizer,
        learning_rate=learning_rate,
        batch=batch,
        bptt=bptt,
        epochs=epochs,
        sparsity=sparsity,
        candidates=candidates,
        first_epochs=first_epochs,
        round_epochs=round_epochs,
        metric=metric,
        near_duplicates=near_duplicates,
        seed=seed,
        threads=threads,
        device=device,
        workers=workers,
        executor=executor,
        address=address,
    )
    from hyperprune.cli import own_tasks, run_search

    values |= own_tasks.named(task, setting)

    if init is not None:
        run_search.initialise(init, preset, config, values)
    else:
        run_search.search(preset, config, values, out, extend=extend, as_json=as_json)
