"""A search or a training as it runs: lines for what has ended, and bars below."""

from types import TracebackType

from rich.console import Group
from rich.live import Live
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    Task,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from hyperprune.cli.terminal.screen import Screen
from hyperprune.search import CandidateEnded, Event, RoundBegan, SearchConfig
from hyperprune.search.rounds.controls import CONTROL
from hyperprune.search.space.words import choice_words
from hyperprune.training import Progress as JobProgress
from hyperprune.training import TrainConfig


class TimeLeftColumn(TimeRemainingColumn):
    """The time that is left, while any is."""

    def render(self, task: Task) -> Text:
        """Nothing beside the end."""
        return Text("") if task.finished else Text.assemble("left ", super().render(task))


class SearchProgress:
    """Listens to a search and draws it.

    Args:
        config: gives the planned number of epochs.
        screen: where to draw.
        opening: a line before everything else, such as where a search is resumed.
    """

    def __init__(self, config: SearchConfig, screen: Screen, opening: str | None = None) -> None:
        self._opening = opening
        self._screen = screen
        self._families, self._full = config.each_family, config.recipe.epochs
        self._score, self._items = config.described.judged_by, config.described.items
        self._whole = Progress(
            TextColumn("{task.description}", style="bold", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("epochs"),
            TimeElapsedColumn(),
            TimeLeftColumn(),
            console=screen,
        )
        self._job = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TextColumn("{task.fields[figures]}", markup=False),
            console=screen,
        )
        self._live = Live(Group(self._whole, self._job), console=screen, refresh_per_second=4)
        self._overall = self._whole.add_task("search", total=config.planned.with_dense)
        self._bars: dict[str, TaskID] = {}
        self._done: dict[str, int] = {}

    def __enter__(self) -> "SearchProgress":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live.is_started:
            if kind is None:
                self._whole.update(self._overall, completed=self._whole.tasks[0].total)
            self._live.stop()
            self._screen.print()

    def __call__(self, event: Event) -> None:
        """Draw one event; the first begins the drawing, so that a mistake found before is the only line."""
        self._live.start()
        if self._opening is not None:
            self._screen.say(self._opening)
            self._opening = None
        if isinstance(event, JobProgress):
            self._progress(event)
        elif isinstance(event, RoundBegan):
            self._began(event)
        else:
            self._ended(event)

    def _began(self, event: RoundBegan) -> None:
        if event.until == 0 and event.name == "dense":
            self._headed("dense", "the reference that was given")
            return
        if event.name == "controls":
            self._headed("controls", f"{event.candidates} yardsticks to compare with")
            return
        networks = "network" if event.candidates == 1 else "candidates"
        self._headed(event.name, f"{event.candidates} {networks} to epoch {event.until}")
        self._whole.update(self._overall, description=event.name)

    def _headed(self, name: str, words: str) -> None:
        self._screen.print(Text.assemble((name, "bold"), f": {words}"), soft_wrap=True)

    def _ended(self, event: CandidateEnded) -> None:
        self._put_away(f"candidate {event.number}")
        if event.metric is None:
            failed = Text.assemble(f"  candidate {event.number}: ", ("failed", "red"), f", {event.note}")
            self._screen.print(failed, soft_wrap=True)
            return
        assert event.valid_score is not None, "only failed candidates have no score"
        choices = choice_words(event.variant)
        note = f" ({event.note})" if event.note else ""
        family = next(one for one in reversed(self._families) if one.first <= event.number)
        name, value = event.measured or (family.pool.metric, event.metric)
        # the score is the loss as people read it
        measured = "" if name == "loss" else f"{name} {value:.4f}, "
        self._screen.say(
            f"  candidate {event.number}: {measured}"
            f"{self._score.name} {self._score.text(event.valid_score)}, {choices}{note}"
        )

    def _progress(self, event: JobProgress) -> None:
        if event.valid_loss is not None:
            if not event.label.startswith(CONTROL):  # the bar counts what was planned
                self._done[event.label] = max(event.epoch, self._done.get(event.label, 0))
            self._whole.update(self._overall, completed=sum(self._done.values()))
            if event.epoch == event.until:
                self._put_away(event.label)
            return
        if event.label not in self._bars:
            self._bars[event.label] = self._job.add_task(event.label, total=event.steps, figures="")
        self._job.update(
            self._bars[event.label],
            total=event.steps,
            completed=event.step,
            description=f"{event.label}, epoch {event.epoch} of "
            f"{self._full if event.label == 'dense' else event.until}",
            figures=f"{event.items_per_second:,.0f} {self._items}/s, loss {event.train_loss:.3f}",
        )

    def _put_away(self, label: str) -> None:
        """Draw no bar for a job that has ended."""
        if label in self._bars:
            self._job.remove_task(self._bars.pop(label))


class TrainProgress:
    """Listens to a training and draws it.

    Args:
        config: gives the full budget, and what is measured.
        screen: where to draw.
    """

    def __init__(self, config: TrainConfig, screen: Screen) -> None:
        self._score, self._items = config.described.judged_by, config.described.items
        self._screen = screen
        self._bars = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TextColumn("{task.fields[figures]}", markup=False),
            TimeLeftColumn(),
            console=screen,
        )
        self._task = self._bars.add_task("training", total=config.recipe.epochs, figures="")

    def __enter__(self) -> "TrainProgress":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bars.live.is_started:
            self._bars.stop()
            self._screen.print()

    def __call__(self, event: JobProgress) -> None:
        """Draw one event; the first one begins the drawing."""
        self._bars.start()
        done = event.epoch if event.valid_loss is not None else event.epoch - 1 + event.step / event.steps
        self._bars.update(self._task, completed=done, description=f"epoch {event.epoch} of {event.until}")
        if event.valid_loss is None:
            figures = f"{event.items_per_second:,.0f} {self._items}/s, loss {event.train_loss:.3f}"
            self._bars.update(self._task, figures=figures)
        else:
            self._screen.say(
                f"epoch {event.epoch}: train {self._train(event.train_loss)}, "
                f"valid {self._score.name} {self._score.text(self._score.shown(event.valid_loss))}"
            )

    def _train(self, loss: float) -> str:
        """The training loss; as the score where that is its exponential."""
        if not self._score.exponential:
            return f"loss {loss:.4g}"
        return f"{self._score.name} {self._score.text(self._score.shown(loss))}"
