"""A listener that writes what it hears for TensorBoard (extra ``tensorboard``)."""

from pathlib import Path
from typing import Any

from hyperprune.optional import try_import
from hyperprune.search.rounds.events import CandidateEnded, Event, RoundBegan
from hyperprune.tasks import Score
from hyperprune.training import Progress


class TensorBoard:
    """Curves of every network, and what ranks the candidates.

    ``run(config, listener=TensorBoard("runs/boards", config.described.judged_by))``, then
    ``tensorboard --logdir runs/boards``.

    Args:
        folder: where event files go, one folder a network; outside the run folder, or in one of its own.
        score: what the task calls its number.

    Raises:
        ConfigurationError: tensorboard is not installed.
    """

    def __init__(self, folder: Path | str, score: Score) -> None:
        try_import("tensorboard", extra="tensorboard", needed_by="the listener TensorBoard")
        self._folder, self._score = Path(folder), score
        self._writers: dict[str, Any] = {}

    def __call__(self, event: Event) -> None:
        """Write one event."""
        if isinstance(event, Progress):
            if event.valid_loss is not None:
                writer = self._writer(event.label)
                writer.add_scalar("train loss", event.train_loss, event.epoch)
                shown = self._score.shown(event.valid_loss)
                writer.add_scalar(f"valid {self._score.name}", shown, event.epoch)
                writer.flush()
        elif isinstance(event, CandidateEnded) and event.metric is not None:
            self._writer("search").add_scalar("metric", event.metric, event.number)
        elif isinstance(event, RoundBegan):
            self._writer("search").add_text("round", f"{event.name}: {event.candidates} to {event.until}")

    def close(self) -> None:
        """Write what is left."""
        for writer in self._writers.values():
            writer.close()

    def _writer(self, name: str) -> Any:
        """The writer of a network; torch's, imported when there is something to write."""
        if name not in self._writers:
            from torch.utils.tensorboard import SummaryWriter

            self._writers[name] = SummaryWriter(str(self._folder / name.replace(" ", "-").replace(",", "")))
        return self._writers[name]
