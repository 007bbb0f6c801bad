"""What ``hyperprune data`` does."""

from typing import Any

from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from hyperprune import corpora
from hyperprune.cli.terminal.output import print_json
from hyperprune.cli.terminal.screen import Screen, plain_table
from hyperprune.errors import ConfigurationError
from hyperprune.search import validated


def get(name: str, url: str | None, *, as_json: bool) -> None:
    """Fetch a data set with a progress bar a file."""
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        DownloadColumn(),
        TimeRemainingColumn(),
    )
    bars = Progress(*columns, console=Screen(stderr=True))
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
        Screen().say(f"{name} is in {folder}; use it with --corpus {name}")


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
    table = plain_table(f"{config.source}: {counted.vocabulary:,} types ({config.level} level)")
    for number, heading in enumerate(
        ("part", "tokens", "types", "unknown", "in training", "lines", "longest line")
    ):
        table.add_column(heading, justify="right" if number else "left")
    for name, part in counted.parts.items():
        rate = f"{part.unknown_rate:.2%}"
        table.add_row(
            name,
            f"{part.tokens:,}",
            f"{part.types:,}",
            rate,
            "" if part.repeated is None else f"{part.repeated:.1%}",
            f"{part.lines:,}",
            "" if part.longest_line is None else f"{part.longest_line:,} tokens",
        )
    screen = Screen()
    screen.print(table)
    screen.say(f"The parts: {counted.split}.")
    for line in repeats_sentences(counted, config.level):
        screen.say(line)
    if counted.unigram_perplexity is not None:
        screen.say(
            f"Word frequencies alone reach a validation perplexity of {counted.unigram_perplexity:.1f}."
            if config.level == "word"
            else f"Character frequencies alone reach a perplexity of {counted.unigram_perplexity:.2f}."
        )


def repeats_sentences(counted: corpora.CorpusStats, level: corpora.Level) -> list[str]:
    """What the column means, and a warning for each part that training has seen too much of."""
    length = corpora.LENGTHS[level]
    kind = "words" if level == "word" else "characters"
    lines = [f"In training: the share of sequences of {length} {kind} that occur in the training part."]
    lines += [
        f"Warning: {part.repeated:.0%} of the {name} part occurs in training, so its score says little "
        "about new text: split by document, and remove what occurs twice."
        for name, part in counted.parts.items()
        if part.repeated is not None and part.repeated > corpora.WARN_ABOVE
    ]
    return lines
