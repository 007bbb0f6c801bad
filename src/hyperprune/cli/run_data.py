"""What ``hyperprune data`` does."""

from typing import Any

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from hyperprune import corpora
from hyperprune.cli.output import print_json
from hyperprune.errors import ConfigurationError
from hyperprune.search import validated


def get(name: str, url: str | None, *, as_json: bool) -> None:
    """Fetch a data set with a progress bar a file."""
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    bars = Progress(*columns, console=Console(stderr=True))
    tasks: dict[str, Any] = {}

    def draw(file: str, received: int, total: int | None) -> None:
        bars.start()
        if file not in tasks:
            tasks[file] = bars.add_task(file, total=total)
        bars.update(tasks[file], completed=received, total=total)

    try:
        folder = corpora.fetch(name, url, draw)
    finally:
        if tasks:
            bars.stop()
    if as_json:
        print_json({"name": name, "folder": str(folder)})
    else:
        typer.echo(f"{name} is in {folder}; give it as --corpus {name}")


def stats(values: dict[str, Any], own: dict[str, Any], *, as_json: bool) -> None:
    """Count a corpus."""
    if own or "corpus.source" not in values:
        raise ConfigurationError(
            "data stats takes either a text or --task, got "
            f"{'both' if own else 'neither'}: give one, such as python-docs or --task digits"
        )
    tables = {name.removeprefix("corpus."): value for name, value in values.items()}
    config = validated(corpora.CorpusConfig, tables)
    counted = corpora.stats(corpora.load(config), config.level)
    if as_json:
        print_json(counted.model_dump(mode="json"))
        return
    table = Table(title=f"{config.source}: {counted.vocabulary:,} types ({config.level} level)")
    table.title_justify = "left"
    for number, heading in enumerate(("part", "tokens", "types", "unknown", "lines", "longest line")):
        table.add_column(heading, justify="right" if number else "left")
    for name, part in counted.parts.items():
        rate = f"{part.unknown_rate:.2%}"
        table.add_row(
            name,
            f"{part.tokens:,}",
            f"{part.types:,}",
            rate,
            f"{part.lines:,}",
            "" if part.longest_line is None else f"{part.longest_line:,} tokens",
        )
    console = Console()
    console.print(table)
    console.print(f"The parts: {counted.split}.", highlight=False, markup=False)
    if counted.unigram_perplexity is not None:
        console.print(
            f"Word frequencies alone reach a validation perplexity of {counted.unigram_perplexity:.1f}."
            if config.level == "word"
            else f"Character frequencies alone reach a perplexity of {counted.unigram_perplexity:.2f}.",
            highlight=False,
        )
