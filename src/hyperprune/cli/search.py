"""``hyperprune search``."""

from pathlib import Path
from typing import Annotated

import typer

from hyperprune.cli import options
from hyperprune.cli.completion import one_of

_BASELINE = "What to compare it with"


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
    reference: Annotated[
        Path | None,
        typer.Option(
            help="Weights of a dense network that you have, the target in place of one that is trained: a "
            "checkpoint, or a plain state dictionary (.safetensors, .pt).",
            rich_help_panel=options.WHAT,
        ),
    ] = None,
    from_reference: Annotated[
        bool,
        typer.Option(
            "--from-reference",
            help="Every candidate starts from the weights of --reference (prune and fine-tune).",
            rich_help_panel=options.WHAT,
        ),
    ] = False,
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
        str | None,
        typer.Option(
            autocompletion=one_of("metric"),
            help="Early metric: ls, loss, rank (of both), or package.module:function of yours.",
            rich_help_panel=options.WHAT,
        ),
    ] = None,
    sampler: Annotated[
        str | None,
        typer.Option(
            help="Optimiser that suggests: tpe, random, grid, qmc, gp, cma-es.",
            rich_help_panel=options.WHAT,
        ),
    ] = None,
    seeds: Annotated[
        int | None, typer.Option(help="Trainings of each candidate.", rich_help_panel=options.WHAT)
    ] = None,
    plan: Annotated[
        str | None,
        typer.Option(
            help="Who trains how far: rounds, full, halving, hyperband.", rich_help_panel=options.WHAT
        ),
    ] = None,
    eta: Annotated[
        int | None,
        typer.Option(help="One of so many goes on in halving and hyperband.", rich_help_panel=options.WHAT),
    ] = None,
    baseline: Annotated[
        str | None,
        typer.Option(
            help="In place of this search, at its cost: random, exhaustive, halving, hyperband.",
            rich_help_panel=_BASELINE,
        ),
    ] = None,
    budget: Annotated[
        int | None,
        typer.Option(
            help="Epochs that its candidates may train; without it those of this search.",
            rich_help_panel=_BASELINE,
            min=1,
        ),
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
        typer.Option(
            autocompletion=one_of("executor"),
            help="Where they train: in-process, processes, ray.",
            rich_help_panel=options.RUN,
        ),
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
        reference=None if reference is None else str(reference),
        from_reference=from_reference or None,
        candidates=candidates,
        first_epochs=first_epochs,
        round_epochs=round_epochs,
        metric=metric,
        sampler=sampler,
        seeds=seeds,
        plan=plan,
        eta=eta,
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
        run_search.initialise(init, preset, config, values, baseline, budget)
    else:
        run_search.search(preset, config, values, out, baseline, budget, extend=extend, as_json=as_json)
