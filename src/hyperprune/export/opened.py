"""A network that runs, from an exported folder or straight from a run."""

from pathlib import Path

from hyperprune.export.smaller import without_dead_units
from hyperprune.export.subject import subject_of
from hyperprune.inference.description import CONFIG, read_description
from hyperprune.inference.load import engine_for, load
from hyperprune.inference.running import ModuleRunning, PlainRunning, Running


def opened(
    target: Path, *, candidate: int | None = None, dense: bool = False, task: str | None = None
) -> tuple[Running, str | None]:
    """What runs the network that a path stands for, and what its tokens are.

    Args:
        target: an exported folder of the format torch or hub, a run folder, or a checkpoint.
        candidate: of a search; the selected one if left out.
        dense: the dense reference of a search.
        task: for a network of a task of your own, its name again.

    Raises:
        CheckpointError: there is no such network, or it is damaged.
        ExportError: the exported folder is damaged.
    """
    folder = target.expanduser()
    if (folder / CONFIG).is_file():
        return load(folder), read_description(folder).level
    subject = subject_of(target, candidate=candidate, dense=dense, task=task)
    subject, traced = without_dead_units(subject, subject.traced())
    if traced.names is None:
        return ModuleRunning(subject.network, f"torch: {traced.why}", subject.vocabulary), subject.level
    network = subject.plain(traced)
    engine, why = engine_for(network)
    layerwise = traced.names.layerwise
    return PlainRunning(
        network, engine, why, layerwise=layerwise, vocabulary=subject.vocabulary
    ), subject.level
