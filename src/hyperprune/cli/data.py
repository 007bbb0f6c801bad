"""``hyperprune data``: fetching corpora, and counting them."""

from typing import Annotated

import typer

from hyperprune.cli import options

data = typer.Typer(help="Fetch corpora, and see what they are made of.", no_args_is_help=True)


def _names(incomplete: str) -> list[str]:
    return [name for name in ("ptb", "wikitext-2") if name.startswith(incomplete)]


@data.command()
def get(
    name: Annotated[str, typer.Argument(help="ptb or wikitext-2.", autocompletion=_names)],
    url: Annotated[str | None, typer.Option(help="Mirror: address of a folder that holds the files.")] = None,
    as_json: options.Json = False,
) -> None:
    """Download a corpus, check its SHA-256 and keep it for --corpus.

    It is kept in the system's folder for caches, or where the variable HYPERPRUNE_DATA says. A download
    that was interrupted goes on when the same command is given again.
    """
    from hyperprune.cli import run_data

    run_data.get(name, url, as_json=as_json)


@data.command()
def stats(
    corpus: Annotated[
        str | None,
        typer.Argument(help="Folder, text file, python-docs, ptb or wikitext-2.", autocompletion=_names),
    ] = None,
    task: options.Task = None,
    setting: options.Setting = None,
    level: options.Level = None,
    max_train_tokens: options.MaxTrainTokens = None,
    max_vocabulary: options.MaxVocabulary = None,
    as_json: options.Json = False,
) -> None:
    """Count a corpus: tokens, types, unknown tokens, longest line; or with --task, try a task."""
    values = options.values(
        corpus=corpus, level=level, max_train_tokens=max_train_tokens, max_vocabulary=max_vocabulary
    )
    from hyperprune.cli import own_tasks, run_data, run_task

    own = own_tasks.named(task, setting)
    if task is not None and not values:
        run_task.describe(own, as_json=as_json)
    else:
        run_data.stats(values, own, as_json=as_json)
