"""What is kept of a trained network: a few KB of JSON, and of the dense ones their spectra too."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from plan import EPOCHS, MEASURED, Piece
from spectra import CONVENTIONS, DEFAULT, KINDS, Means, distances, mean_exponents, read, rounded, write
from torch import Tensor

from hyperprune.corpora import load as load_corpus
from hyperprune.files import write_json
from hyperprune.training import JobFolder, TrainingJob

Record = dict[str, Any]
NETWORK = "network"  # the job's own folder within a piece's


@dataclass(frozen=True)
class Costs:
    """Processor seconds of a piece by kind and stage, summed over the processes that worked on it.

    Attributes:
        path: where they are kept.
    """

    path: Path

    def known(self) -> dict[str, dict[str, float]]:
        """Seconds by kind and by the epoch that the stage ended with."""
        if not self.path.exists():
            return {}
        known: dict[str, dict[str, float]] = json.loads(self.path.read_bytes())
        return known

    def add(self, kind: str, epoch: int, seconds: float) -> None:
        """Note more seconds. A killed process takes those of its unfinished stage with it."""
        known = self.known()
        stages = known.setdefault(kind, {})
        stages[f"{epoch}"] = round(stages.get(f"{epoch}", 0.0) + seconds, 2)
        write_json(self.path, known)


def write_record(piece: Piece, job: TrainingJob, records: Path, costs: Costs, versions: Record) -> None:
    """Write a trained piece's record, without distances yet; a dense one's spectra beside it."""
    history = JobFolder(job.folder).history()
    stages = measured(job.folder.parent)
    record = {
        "piece": piece.name,
        "variant": None if job.variant is None else job.variant.to_dict(),
        "number": piece.variant,
        "seed": piece.seed,
        "corpus_sha256": load_corpus(job.task.corpus).sha256,
        "valid_loss": [round(epoch.valid_loss, 7) for epoch in history.epochs],
        "train_loss": [round(epoch.train_loss, 7) for epoch in history.epochs],
        "failure": None if history.failure is None else history.failure.model_dump(),
        "live": history.last.live if history.epochs else None,
        "clamped": {f"{epoch}": counts for epoch, (_, counts) in stages.items()},
        "distances": None,
        "processor_seconds": {kind: round(sum(s.values()), 1) for kind, s in costs.known().items()},
        "versions": versions,
    }
    if piece.variant is None:
        means = {f"{epoch}/{name}": mean for epoch, (by, _) in stages.items() for name, mean in by.items()}
        means |= {f"{epoch}/{DEFAULT}": mean for epoch, mean in _by_epoch(job.folder).items()}
        write(records / f"{piece.name}.safetensors", means, record["clamped"])
    write_json(records / f"{piece.name}.json", record)


def complete(piece: Piece, folder: Path, records: Path) -> None:
    """Add the distances to the dense network of the same seed, as soon as both are there.

    The reference is the dense network of the piece's own seed, because that is what a search from this
    seed would have: same initial weights, same batches, same dropout.
    """
    path, reference = records / f"{piece.name}.json", records / f"dense-{piece.seed}.safetensors"
    if piece.variant is None or not path.exists() or not reference.exists():
        return
    record: Record = json.loads(path.read_bytes())
    stages = measured(folder)
    if record["distances"] is not None or not stages:
        return
    tensors, _ = read(reference)
    dense = {epoch: {name: tensors[f"{epoch}/{name}"] for name in CONVENTIONS} for epoch in MEASURED}
    record["distances"] = {
        "same_epoch": {f"{e}": distances(means, dense[e]) for e, (means, _) in stages.items()},
        "end": {f"{e}": distances(means, dense[EPOCHS]) for e, (means, _) in stages.items()},
        "every_epoch": {
            kind: [
                rounded(mean, tensors[f"{e}/{DEFAULT}"], kind)
                for e, mean in _by_epoch(folder / NETWORK).items()
            ]
            for kind in KINDS
        },
    }
    write_json(path, record)


def _by_epoch(folder: Path) -> dict[int, Tensor]:
    """Mean exponents of every epoch in the convention that a search takes by default."""
    files = JobFolder(folder)
    return {e.epoch: mean_exponents(files.spectrum(e.epoch)) for e in files.history().epochs}


def measured(folder: Path) -> dict[int, tuple[Means, Record]]:
    """Mean exponents and clamped counts by epoch, of the stages that are done."""
    paths = {epoch: folder / f"measured-{epoch:04d}.safetensors" for epoch in MEASURED}
    return {epoch: read(path) for epoch, path in paths.items() if path.exists()}
