"""``hyperprune train``."""

from pathlib import Path
from typing import Annotated

import typer

from hyperprune.cli import options
from hyperprune.cli.completion import one_of


def train(
    preset: options.Preset = None,
    config: options.Config = None,
    out: options.Out = Path("runs/train"),
    as_json: options.Json = False,
    dense: Annotated[
        bool, typer.Option("--dense", help="Prune nothing.", rich_help_panel=options.PRUNING)
    ] = False,
    method: Annotated[
        str | None,
        typer.Option(
            autocompletion=one_of("method"),
            help="A published method, such as set, rigl or selfish_rnn.",
            rich_help_panel=options.PRUNING,
        ),
    ] = None,
    sparsity: Annotated[
        float | None,
        typer.Option(help="Share of prunable weights that is zero.", rich_help_panel=options.PRUNING),
    ] = None,
    sparse_init: Annotated[
        str | None,
        typer.Option(
            autocompletion=one_of("sparse_init"),
            help="First masks: uniform, er.",
            rich_help_panel=options.PRUNING,
        ),
    ] = None,
    death: Annotated[
        str | None,
        typer.Option(
            autocompletion=one_of("death"),
            help="Which weights die: magnitude, set, threshold, global_magnitude.",
            rich_help_panel=options.PRUNING,
        ),
    ] = None,
    growth: Annotated[
        str | None,
        typer.Option(
            autocompletion=one_of("growth"),
            help="Which weights grow: random, gradient, momentum.",
            rich_help_panel=options.PRUNING,
        ),
    ] = None,
    redistribution: Annotated[
        str | None,
        typer.Option(
            autocompletion=one_of("redistribution"),
            help="How the budget moves: none, magnitude, momentum, nonzeros.",
            rich_help_panel=options.PRUNING,
        ),
    ] = None,
    death_rate: Annotated[
        float | None,
        typer.Option(help="Share of live weights that die at an update.", rich_help_panel=options.PRUNING),
    ] = None,
    decay: Annotated[
        str | None,
        typer.Option(
            autocompletion=one_of("decay"),
            help="How the death rate falls: cosine, linear, constant.",
            rich_help_panel=options.PRUNING,
        ),
    ] = None,
    update_interval: Annotated[
        str | None,
        typer.Option(help="Topology updates: epoch, or a number of steps.", rich_help_panel=options.PRUNING),
    ] = None,
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
    seed: options.Seed = None,
    threads: options.Threads = None,
    device: options.Device = None,
) -> None:
    """Train one network: a pruned variant, or the dense one.

    Takes the same presets and files as a search, and leaves out their tables [search] and [space]. An
    interrupted training goes on when the same command is given again.
    """
    values = options.values(
        sparsity=sparsity,
        sparse_init=sparse_init,
        death=death,
        growth=growth,
        redistribution=redistribution,
        death_rate=death_rate,
        decay=decay,
        update_interval=_interval(update_interval),
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
        seed=seed,
        threads=threads,
        device=device,
    )
    from hyperprune.cli import own_tasks, run_train

    values |= own_tasks.named(task, setting)

    run_train.train(preset, config, values, out, dense=dense, method=method, as_json=as_json)


def _interval(given: str | None) -> str | int | None:
    """A number of steps as a number; anything else is judged by the configuration."""
    return int(given) if given is not None and given.isdecimal() and len(given) < 19 else given
