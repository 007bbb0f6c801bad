"""What ``hyperprune search`` does."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer

from hyperprune import files, reports
from hyperprune.cli.terminal.fitted import show_rows
from hyperprune.cli.terminal.output import print_json
from hyperprune.cli.terminal.progress import SearchProgress
from hyperprune.cli.terminal.screen import Screen
from hyperprune.cli.work.run_smallest import find_smallest
from hyperprune.errors import ConfigurationError
from hyperprune.inference.timing import Timing
from hyperprune.reports import (
    cost_sentences,
    cost_table,
    headings,
    is_success,
    naive_sentence,
    network_rows,
    variant_sentences,
    verdict_sentence,
    went_wrong,
)
from hyperprune.search import (
    Event,
    Listener,
    RunFolder,
    SearchConfig,
    SearchResult,
    TensorBoard,
    configure,
    load_timings,
    run,
)
from hyperprune.search.config.smallest import (
    AUTO,
    SMALLEST,
    SmallestConfig,
    asks_auto,
    configure_smallest,
)
from hyperprune.search.config.template import commented
from hyperprune.search.resuming.extension import prepare
from hyperprune.search.resuming.resumption import (
    holds_run,
    resumed_search,
    resumed_smallest,
    where_it_starts,
)
from hyperprune.training.stored.run_folder import kind_of

_OPENING = """Configuration of hyperprune search: hyperprune search --config {name}
Every key has its value. A key that you leave out takes the default shown here, unless a preset sets
another. Keys in comments are unset."""


@dataclass(frozen=True)
class Given:
    """What the command line says of a search.

    Attributes:
        preset: name of a ready configuration.
        file: a TOML file over it.
        values: single values over both, by dotted name.
        baseline: what to run in its place.
        budget: epochs of the baseline.
    """

    preset: str | None
    file: Path | None
    values: dict[str, Any]
    baseline: str | None = None
    budget: int | None = None

    @property
    def names_nothing(self) -> bool:
        """Whether it leaves to the run folder what is searched."""
        return self.preset is None and self.file is None and self.baseline is None and self.budget is None

    def config(self) -> SearchConfig:
        """The configuration that all this makes; the demo, where nothing says what to do."""
        preset = self.preset or default_preset(self.file, self.values)
        return configure(preset, self.file, self.values, baseline=self.baseline, budget=self.budget)


def search(given: Given, out: Path, *, boards: Path | None, extend: bool, as_json: bool, times: bool) -> None:
    """Search or resume, then show what was found; exit status 1 where training went wrong."""
    folder = RunFolder(files.place(out))
    small = _smallest(folder, given, extend=extend, boards=boards)
    if small is not None:
        find_smallest(small, folder.path, as_json=as_json)
        return
    config = _configuration(folder, given, extend=extend)
    begun = where_it_starts(folder.path, config) if holds_run(folder.path) else None
    screen = Screen(stderr=as_json)
    others: list[Listener] = []
    if boards is not None:
        others.append(TensorBoard(files.place(boards), config.described.judged_by))
    with SearchProgress(config, screen, begun) as progress:

        def listen(event: Event) -> None:
            progress(event)
            for other in others:
                other(event)

        result = run(config, folder.path, listener=listen).result
    measured = reports.measured_times(result, folder.path, config.described.code) if times else None
    page = reports.write(folder, measured)
    if as_json:
        print_json(result.model_dump(mode="json"))
    else:
        _show(screen, result, folder, page, measured)
    if went_wrong(result):
        raise typer.Exit(1)


def _show(
    screen: Screen,
    result: SearchResult,
    folder: RunFolder,
    page: Path,
    times: Mapping[str, Timing] | None,
) -> None:
    """What was found, as tables and sentences."""
    timings = load_timings(folder)
    title = "Dense, selected, runners-up and yardsticks"
    show_rows(screen, title, headings(result.score), network_rows(result, timings), bold="selected")
    costs = cost_table(result, folder.path, times)
    show_rows(screen, costs.title, costs.headings, costs.rows, bold="selected")
    for line in (
        verdict_sentence(result),
        *variant_sentences(result),
        *cost_sentences(result, timings),
        naive_sentence(result),
    ):
        if line is not None:
            screen.say(line)
    screen.say(f"Report: {page}")
    if is_success(result):
        screen.say(
            f"Next: open it in a browser; hyperprune export {folder.path} --format torch --out shipped"
        )
    else:
        screen.say("Next: open it in a browser; the verdict says what to try")


def default_preset(file: Path | None, values: dict[str, Any]) -> str | None:
    """The demo, where nothing else says what to do."""
    return "demo" if file is None and "task.object" not in values else None


def initialise(path: Path, given: Given) -> None:
    """Write a commented configuration to a new file: what the same command would search without --init."""
    path = files.expanded(path)
    if asks_auto(given.preset, given.file, given.values):
        raise ConfigurationError(
            "--sparsity auto is said when the search begins: write the file without it, then give hyperprune "
            f"search --config {path.name} --sparsity auto"
        )
    text = commented(given.config(), _OPENING.format(name=path.name))
    try:
        files.write_new(path, text.encode())
    except FileExistsError:
        raise ConfigurationError(
            f"{path} exists already and is left as it is: give --init another name"
        ) from None
    Screen().say(f"Wrote {path}. Change it, then: hyperprune search --config {path}")


def _smallest(
    folder: RunFolder, given: Given, *, extend: bool, boards: Path | None = None
) -> SmallestConfig | None:
    """The search for the smallest network, where the command or the folder asks for that."""
    resumed = given.names_nothing and holds_run(folder.path) and kind_of(folder.path) == SMALLEST
    preset = given.preset or default_preset(given.file, given.values)
    if not resumed and not asks_auto(preset, given.file, given.values):
        return None
    for name, other in (("--extend", extend), ("--baseline", given.baseline), ("--tensorboard", boards)):
        if other:
            raise ConfigurationError(
                f"--sparsity auto makes several searches, for which there is no {name}: leave one of "
                "the two out"
            )
    if resumed:
        values = {name: value for name, value in given.values.items() if value != AUTO}
        return resumed_smallest(folder.path, values)
    return configure_smallest(preset, given.file, given.values)


def _configuration(folder: RunFolder, given: Given, *, extend: bool) -> SearchConfig:
    """What to search: the folder's own configuration where the command names no other."""
    if extend:
        return _extension(folder, given)
    if given.names_nothing and holds_run(folder.path):
        return resumed_search(folder.path, given.values)
    return given.config()


def _extension(folder: RunFolder, given: Given) -> SearchConfig:
    """The run's own configuration with the options that were given."""
    if given.preset is not None or given.file is not None:
        raise ConfigurationError(
            "--extend starts from the configuration in the run folder, so it takes no --preset or --config: "
            "give the options that change, such as --candidates 20"
        )
    if given.baseline is not None:
        raise ConfigurationError(
            f"--extend adds to the search that is there, got --baseline {given.baseline} too: give the "
            "baseline an --out of its own"
        )
    changes = dict(given.values)
    return prepare(folder, changes, changes.pop("task.object", None))
