"""What ``hyperprune search`` does."""

from pathlib import Path
from typing import Any

from rich.console import Console

from hyperprune import files, reports
from hyperprune.cli.output import print_json
from hyperprune.cli.progress import SearchProgress
from hyperprune.cli.tables import networks_table
from hyperprune.errors import ConfigurationError
from hyperprune.reports import baseline_sentence, cost_sentences, variant_sentences
from hyperprune.search import RunFolder, SearchConfig, configure, load_timings, run
from hyperprune.search.config.template import commented
from hyperprune.search.rounds.extension import prepare

_OPENING = """Configuration of hyperprune search: hyperprune search --config {name}
Every key has its value; what is left out takes the default that stands here, unless a preset gives
another. Keys that stand as comments are unset."""


def search(
    preset: str | None,
    file: Path | None,
    values: dict[str, Any],
    out: Path,
    baseline: str | None,
    budget: int | None,
    *,
    extend: bool,
    as_json: bool,
) -> None:
    """Search or go on, then show what was found."""
    folder = RunFolder(out.expanduser().resolve())
    if extend:
        config = _extension(folder, preset, file, values, baseline)
    else:
        preset = preset or default_preset(file, values)
        config = configure(preset, file, values, baseline=baseline, budget=budget)
    console = Console(stderr=as_json)
    with SearchProgress(config, console) as progress:
        result = run(config, folder.path, listener=progress).result
    page = reports.write(folder)
    if as_json:
        print_json(result.model_dump(mode="json"))
        return
    timings = load_timings(folder)
    console.print(networks_table(result, timings))
    for line in (*variant_sentences(result), *cost_sentences(result, timings), baseline_sentence(result)):
        if line is not None:
            console.print(line, highlight=False)
    console.print(f"Report: {page}", soft_wrap=True)


def default_preset(file: Path | None, values: dict[str, Any]) -> str | None:
    """The demo, where nothing else says what to do."""
    return "demo" if file is None and "task.object" not in values else None


def initialise(
    path: Path,
    preset: str | None,
    file: Path | None,
    values: dict[str, Any],
    baseline: str | None,
    budget: int | None,
) -> None:
    """Write a commented configuration to a new file."""
    path = path.expanduser()
    text = commented(
        configure(preset, file, values, baseline=baseline, budget=budget), _OPENING.format(name=path.name)
    )
    try:
        files.write_new(path, text.encode())
    except FileExistsError:
        raise ConfigurationError(
            f"{path} exists already and is left as it is: give --init another name"
        ) from None
    Console().print(
        f"Wrote {path}. Change it, then: hyperprune search --config {path}", soft_wrap=True, highlight=False
    )


def _extension(
    folder: RunFolder,
    preset: str | None,
    file: Path | None,
    values: dict[str, Any],
    baseline: str | None,
) -> SearchConfig:
    """The run's own configuration with the options that were given."""
    if preset is not None or file is not None:
        raise ConfigurationError(
            "--extend starts from the configuration in the run folder, so it takes no --preset or --config: "
            "give the options that change, such as --candidates 20"
        )
    if baseline is not None:
        raise ConfigurationError(
            f"--extend adds to the search that is there, got --baseline {baseline} too: give the baseline an "
            "--out of its own"
        )
    changes = dict(values)
    return prepare(folder, changes, changes.pop("task.object", None))
