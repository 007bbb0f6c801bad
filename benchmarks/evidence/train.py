"""Train the evidence run's networks, one after the other, and leave a record of each.

    python benchmarks/evidence/train.py --corpus ../shared/data/ptb --work runs/evidence

Start it as often as there are cores to spare: each process takes the next network that has no record and
that no other one works on. Kill it at any time: started again, it resumes at the last whole epoch. The
records are small and lie in the repository, so that a network whose record is there is not trained again.
"""

import argparse
import platform
import time
from contextlib import ExitStack
from importlib.metadata import version
from pathlib import Path

import torch
from plan import EPOCHS, MEASURED, Piece, job, pieces
from record import NETWORK, Costs, complete, write_record
from spectra import measure, write

from hyperprune.errors import RunFolderError
from hyperprune.files import locked
from hyperprune.training import run_job

RECORDS = Path(__file__).parent / "records"
LIBRARIES = ("hyperprune", "torch", "numpy", "safetensors")


def main() -> None:
    """Train what has no record yet."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--corpus", required=True, help="folder with the Penn Treebank word files")
    parser.add_argument("--work", type=Path, required=True, help="run folder: checkpoints and spectra")
    parser.add_argument("--records", type=Path, default=RECORDS, help="where records are kept")
    options = parser.parse_args()
    torch.set_num_threads(1)
    options.records.mkdir(parents=True, exist_ok=True)
    for piece in pieces():
        folder = options.work.resolve() / piece.name
        folder.mkdir(parents=True, exist_ok=True)
        with ExitStack() as held:
            try:
                held.enter_context(locked(folder))
            except RunFolderError:
                continue  # another process trains it
            if not (options.records / f"{piece.name}.json").exists():
                train(piece, options.corpus, folder, options.records)
        for known in pieces():  # also those that had to wait for their dense network
            complete(known, options.work.resolve() / known.name, options.records)


def train(piece: Piece, corpus: str, folder: Path, records: Path) -> None:
    """Bring a piece to the end, taking all spectra on the way, and write its record."""
    costs = Costs(folder / "costs.json")
    for epoch in MEASURED:
        stage = job(piece, corpus, folder / NETWORK, epoch)
        began = time.process_time()
        history = run_job(stage)
        costs.add("training", epoch, time.process_time() - began)
        if history.failure is not None:
            break
        target = folder / f"measured-{epoch:04d}.safetensors"
        if not target.exists():
            began = time.process_time()
            write(target, *measure(stage, epoch))
            costs.add("spectra", epoch, time.process_time() - began)
        last = history.last
        print(f"{piece.name} {last.epoch}/{EPOCHS} valid {last.valid_loss:.4f}", flush=True)
    versions = {name: version(name) for name in LIBRARIES}
    versions |= {"python": platform.python_version(), "machine": platform.machine()}
    write_record(piece, job(piece, corpus, folder / NETWORK, EPOCHS), records, costs, versions)


if __name__ == "__main__":
    main()
