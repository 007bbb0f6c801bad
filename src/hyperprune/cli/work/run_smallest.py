"""What ``hyperprune search --sparsity auto`` does."""

from pathlib import Path
from types import TracebackType

import typer

from hyperprune import files, reports
from hyperprune.cli.terminal.fitted import show_rows
from hyperprune.cli.terminal.output import print_json
from hyperprune.cli.terminal.progress import SearchProgress
from hyperprune.cli.terminal.screen import Screen
from hyperprune.search import Event, ProbeBegan, SmallestConfig, SmallestRun, smallest
from hyperprune.search.results.smallest_result import Probe


def find_smallest(config: SmallestConfig, out: Path, *, as_json: bool) -> None:
    """Search or resume, then show what was found; exit status 1 where all training went wrong."""
    screen = Screen(stderr=as_json)
    with ProbesProgress(screen) as progress:
        run = smallest(config, files.place(out), listener=progress, began=progress.began)
    page = reports.write(run.path)
    if as_json:
        print_json(run.result.model_dump(mode="json"))
    else:
        _show(screen, run, page)
    if all(probe.network is None or _diverged(probe) for probe in run.result.probes):
        raise typer.Exit(1)


def _diverged(probe: Probe) -> bool:
    return probe.verdict is not None and probe.verdict.diverged


def _show(screen: Screen, run: SmallestRun, page: Path) -> None:
    """What was found, as a table and sentences."""
    result = run.result
    title = "Sparsities that were tried, on the validation part"
    show_rows(screen, title, reports.size_headings(result.score), reports.size_rows(result))
    for line in reports.size_sentences(result):
        screen.say(line)
    screen.say(f"Report: {page}")
    if result.sparsity is not None:
        screen.say(f"Next: open it in a browser; hyperprune export {run.path} --format torch --out shipped")


class ProbesProgress:
    """Draws one search after the other.

    Args:
        screen: where to draw.
    """

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self._now: SearchProgress | None = None

    def __enter__(self) -> "ProbesProgress":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._now is not None:
            self._now.__exit__(kind, error, trace)

    def __call__(self, event: Event) -> None:
        """Draw one event of the search that runs."""
        if self._now is not None:
            self._now(event)

    def began(self, event: ProbeBegan) -> None:
        """Draw the search at another sparsity below the one before."""
        self.__exit__(None, None, None)
        opening = f"sparsity {event.config.sparsity:g}"
        if event.known:
            last = event.known[-1]
            opening += f" (sparsity {last.sparsity:g} is {'' if last.passes else 'not '}within the tolerance)"
        self._now = SearchProgress(event.config, self._screen, opening).__enter__()
