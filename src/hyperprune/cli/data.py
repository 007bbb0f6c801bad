"""``hyperprune data``: fetching corpora, and counting them."""

from typing import Annotated, Any

import typer

from hyperprune.cli import options
from hyperprune.cli.keys import COUNTED
from hyperprune.cli.table import completes, configured, names, option
from hyperprune.cli.terminal.markup import prose

data = typer.Typer(help="Fetch corpora, and show what they contain.", no_args_is_help=True)


def get(
    name: Annotated[
        str, typer.Argument(help=" or ".join(names("data")) + ".", autocompletion=completes("data"))
    ],
    url: Annotated[str | None, option(None, "Mirror: address of a folder that holds the files.")] = None,
    as_json: options.Json = False,
) -> None:
    """Download a corpus, check its SHA-256 and keep it for --corpus.

    It is kept in the system's folder for caches, or where the variable HYPERPRUNE_DATA says. The same
    command resumes a download that was interrupted.
    """
    from hyperprune.cli.work import run_data

    run_data.get(name, url, as_json=as_json)


@configured(COUNTED)
def stats(
    corpus: Annotated[
        str | None,
        typer.Argument(
            help="Folder, text file, or one of " + ", ".join(names("corpus.source")) + ".",
            autocompletion=completes("corpus.source"),
        ),
    ] = None,
    task: options.Task = None,
    setting: options.Setting = None,
    *,
    values: dict[str, Any],
    as_json: options.Json = False,
) -> None:
    """Count a corpus: tokens, types, unknown tokens, longest line; or with --task, try a task."""
    from hyperprune.cli import own_tasks
    from hyperprune.cli.work import run_data, run_task

    if corpus is not None:
        values["corpus.source"] = corpus
    own = own_tasks.named(task, setting)
    if task is not None and not values:
        run_task.describe(own, as_json=as_json)
    else:
        run_data.stats(values, own, as_json=as_json)


data.command(help=prose(get))(get)
data.command(help=prose(stats))(stats)
