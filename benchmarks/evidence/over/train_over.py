"""Train the networks of a regime, one after the other, and leave a record of each.

    python benchmarks/evidence/over/train_over.py lstm --corpus ../shared/data/ptb --work runs/over

Start it as often as there are cores to spare: each process takes the next network that has no record, that no
other one works on, and whose dense network is there. Kill it at any time: started again, it resumes at the
last whole epoch. The records are small and lie in the repository, so that a network whose record is there is
not trained again; what compares with it needs its spectra, which lie there too.
"""

import argparse
import platform
import shutil
import time
from contextlib import ExitStack
from importlib.metadata import version
from pathlib import Path
from typing import Any

import measures
import torch
from averages import Averages
from regimes import POOLS, REGIMES, Piece, job, pieces
from torch import nn

from hyperprune.errors import RunFolderError
from hyperprune.files import locked, write_json
from hyperprune.tasks.opened import OpenedTask
from hyperprune.training import JobFolder, TrainingJob, load_network, run_job
from hyperprune.training.evaluation import EvaluationJob, evaluate_checkpoint
from hyperprune.training.job import fresh_state
from hyperprune.training.stored import checkpoint

RECORDS = Path(__file__).resolve().parent / "records"
LIBRARIES = ("hyperprune", "torch", "numpy", "safetensors")
DIGITS = 7  # significant, of float32


def main() -> None:
    """Train what has no record yet."""
    parser = places(__doc__)
    parser.add_argument("--pool", choices=POOLS, help="only this one; all, in turn, if left out")
    parser.add_argument("--pieces", type=int, default=10**6, help="stop after so many")
    options = parser.parse_args()
    torch.set_num_threads(1)
    options.records.mkdir(parents=True, exist_ok=True)
    left = options.pieces
    for piece in pieces(REGIMES[options.regime]):
        if options.pool not in (None, piece.pool):
            continue
        if left and train(piece, options.corpus, options.work.resolve(), options.records):
            left -= 1


def places(words: str | None) -> argparse.ArgumentParser:
    """The options that say which regime, and where its parts lie."""
    parser = argparse.ArgumentParser(description=words, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("regime", choices=sorted(REGIMES))
    parser.add_argument("--corpus", help="folder with the Penn Treebank word files")
    parser.add_argument("--work", type=Path, required=True, help="folder for checkpoints and spectra")
    parser.add_argument("--records", type=Path, default=RECORDS, help="where records are kept")
    return parser


def train(piece: Piece, corpus: str | None, work: Path, records: Path) -> bool:
    """Bring a piece to its end and write its record; whether there was something to do."""
    folder = work / piece.name
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as held:
        try:
            held.enter_context(locked(folder))
        except RunFolderError:
            return False  # another process trains it
        if (records / f"{piece.name}.json").exists():
            return False
        parent = None
        if piece.pool != "dense":
            parent = best_checkpoint(work / piece.dense.name)
            if parent is None or not (records / f"{piece.dense.name}.json").exists():
                return False
        seconds = bring(piece, corpus, work, parent)
        write_record(piece, job(piece, corpus, work, piece.epochs, parent), folder, records, seconds)
    return True


def bring(piece: Piece, corpus: str | None, work: Path, parent: Path | None) -> float:
    """Train and measure on the way; gives processor seconds of this process.

    The averages of an epoch are in memory alone. A piece that was killed between the end of an epoch and its
    measures is trained anew.
    """
    began = time.process_time()
    for epoch in piece.measured:
        before = job(piece, corpus, work, max(0, epoch - 1), parent)
        history = run_job(before)
        averages = Averages()
        stage = before.model_copy(update={"until": epoch})
        with averages.of_steps():
            history = run_job(stage)
        if history.failure is not None:
            break
        target = measured_at(work / piece.name, epoch)
        if piece.pool in ("dense", "scratch", "started") and not target.exists():
            if epoch > 0 and averages.means() is None:
                shutil.rmtree(stage.folder)
                return bring(piece, corpus, work, parent)
            measures.write(target, *measure(piece, stage, epoch, averages))
        shown = history.epochs[-1].valid_loss if history.epochs else history.valid_loss
        print(f"{piece.name} {epoch}/{piece.epochs} valid {shown:.4f}", flush=True)
    return time.process_time() - began


def measure(
    piece: Piece, stage: TrainingJob, epoch: int, averages: Averages
) -> tuple[measures.Means, dict[str, Any]]:
    """Spectra of the weights as they are and averaged over the epoch, and the scores of others."""
    assert stage.spectrum is not None
    task = stage.task.open(stage.recipe, stage.seed)
    if epoch == 0:
        network = fresh_state(stage, task).network.eval()
    else:
        network = load_network(checkpoint.path(stage.folder, epoch))
    found = measures.spectra(network, task, stage.spectrum, "")
    facts: dict[str, Any] = {
        "covariance": measures.hidden_covariance(network, task, stage.spectrum),
        "jacobian": measures.jacobian_size(network, task, stage.spectrum),
    }
    means = averages.means()
    if means is not None:
        facts |= averaged(network, task, means)
        found |= measures.spectra(network, task, stage.spectrum, "averaged-")
    if piece.pool == "started" and epoch == 0:
        facts["taylor"] = kept_taylor(piece, stage, network)
    return found, facts


@torch.no_grad()
def averaged(network: nn.Module, task: OpenedTask, means: list[torch.Tensor]) -> dict[str, float]:
    """Put averaged weights into a network, and say its validation loss."""
    for parameter, mean in zip(network.parameters(), means, strict=True):
        parameter.copy_(mean)
    return {"averaged_loss": task.evaluate(network, "valid")}


def kept_taylor(piece: Piece, stage: TrainingJob, network: nn.Module) -> float:
    """Share of the dense network's Taylor scores that the mask throws away: smaller is better."""
    from hyperprune.training.scores import scores_of

    assert stage.variant is not None
    by_taylor = stage.variant.__class__(
        density=stage.variant.density, criterion="taylor", death_rate=0.0, exclude=stage.variant.exclude
    )
    scores = scores_of(
        by_taylor, stage.start, stage.task, stage.recipe, stage.seed, stage.device, stage.scores
    )
    assert scores is not None
    values = dict(network.named_parameters())
    lost = sum(float(score[values[name] == 0].sum()) for name, score in scores.items())
    return lost / sum(float(score.sum()) for score in scores.values())


def write_record(piece: Piece, stage: TrainingJob, folder: Path, records: Path, seconds: float) -> None:
    """A few KB of JSON, and of a dense network its spectra too."""
    history = JobFolder(stage.folder).history().until(stage.until)
    known = {epoch: measured_at(folder, epoch) for epoch in piece.measured}
    found = {epoch: measures.read(path) for epoch, path in known.items() if path.exists()}
    test = None
    if history.failure is None:
        best = best_checkpoint(folder)
        assert best is not None
        test = evaluate_checkpoint(
            EvaluationJob(checkpoint=best, task=stage.task, recipe=stage.recipe, part="test")
        )
    initial = history.initial
    record = {
        "piece": piece.name,
        "regime": piece.regime,
        "pool": piece.pool,
        "number": piece.number,
        "seed": piece.seed,
        "variant": None if stage.variant is None else stage.variant.to_dict(),
        "score": stage.task.judged_by.name,
        "initial_loss": None if initial is None else rounded(initial.valid_loss),
        "valid_loss": [rounded(epoch.valid_loss) for epoch in history.epochs],
        "train_loss": [rounded(epoch.train_loss) for epoch in history.epochs],
        "test_loss": None if test is None else rounded(test),
        "live": history.last.live if history.epochs else None,
        "failure": None if history.failure is None else history.failure.model_dump(),
        "facts": {f"{epoch}": facts for epoch, (_, facts) in found.items()},
        "distances": distances(piece, found, records),
        "every_distance": every_distance(piece, stage, records),
        "processor_seconds": round(seconds, 1),
        "versions": {name: version(name) for name in LIBRARIES}
        | {"python": platform.python_version(), "machine": platform.machine()},
    }
    if piece.pool == "dense":
        means = {f"{epoch}/{name}": mean for epoch, (by, _) in found.items() for name, mean in by.items()}
        means |= {f"best/{name}": mean for name, mean in spectra_of_best(stage, folder).items()}
        means |= {f"every/{epoch}": mean for epoch, mean in every_epoch(stage, piece.epochs).items()}
        measures.write(records / f"{piece.name}.safetensors", means, {})
    write_json(records / f"{piece.name}.json", record)


def distances(
    piece: Piece, found: dict[int, tuple[measures.Means, dict[str, Any]]], records: Path
) -> dict[str, dict[str, dict[str, float]]] | None:
    """LS distances by reference, epoch and state, l2 in nats a step.

    From scratch: to the dense network of the same seed, at the same epoch and at the end. From the dense
    network: to that network itself, its best epoch.
    """
    if piece.pool not in ("scratch", "started"):
        return None
    dense, _ = measures.read(records / f"{piece.dense.name}.safetensors")
    told: dict[str, dict[str, dict[str, float]]] = {}
    for epoch, (means, _) in found.items():
        from_scratch = {"same_epoch": f"{epoch}", "end": f"{piece.dense.epochs}"}
        references = from_scratch if piece.pool == "scratch" else {"parent": "best"}
        for reference, at in references.items():
            told.setdefault(reference, {})[f"{epoch}"] = {
                name: rounded(measures.distance(mean, dense[f"{at}/{name}"]))
                for name, mean in means.items()
                if f"{at}/{name}" in dense
            }
    return told


def every_epoch(stage: TrainingJob, epochs: int) -> measures.Means:
    """Mean exponents after each epoch, of the state that a search takes."""
    files = JobFolder(stage.folder)
    spectra = {epoch: files.spectrum(epoch).in_nats() for epoch in range(epochs + 1)}
    return {f"{epoch}": measures.mean_of(spectrum) for epoch, spectrum in spectra.items()}


def every_distance(piece: Piece, stage: TrainingJob, records: Path) -> list[float] | None:
    """The LS distance that a search takes, after each epoch from 0, from scratch."""
    if piece.pool != "scratch":
        return None
    dense, _ = measures.read(records / f"{piece.dense.name}.safetensors")
    epochs = len(JobFolder(stage.folder).history().epochs)
    own = every_epoch(stage, epochs)
    return [rounded(measures.distance(mean, dense[f"every/{epoch}"])) for epoch, mean in own.items()]


def spectra_of_best(stage: TrainingJob, folder: Path) -> measures.Means:
    """Spectra of the checkpoint that others start from."""
    assert stage.spectrum is not None
    best = best_checkpoint(folder)
    assert best is not None
    task = stage.task.open(stage.recipe, stage.seed)
    return measures.spectra(load_network(best), task, stage.spectrum, "")


def best_checkpoint(folder: Path) -> Path | None:
    """The best epoch of a trained piece; None where it has none."""
    files = JobFolder(folder / "network")
    if not files.history().epochs:
        return None
    return checkpoint.path(files.path, files.history().best.epoch)


def measured_at(folder: Path, epoch: int) -> Path:
    """Where what was measured after an epoch is kept."""
    return folder / f"measured-{epoch:04d}.safetensors"


def rounded(value: float) -> float:
    """To the digits that it bears."""
    return float(f"{value:.{DIGITS}g}")


if __name__ == "__main__":
    main()
