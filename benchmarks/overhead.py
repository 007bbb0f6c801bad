"""What a search costs beside its training: our own time and memory for a candidate, in small and large pools.

    python benchmarks/overhead.py                     # pools of 100 and 1,000, each in a process of its own
    python benchmarks/overhead.py --pool 300 --profile

Training is replaced by a stub that an executor calls: it makes up a loss and a spectrum and writes them as
a job does, checkpoint included. Its time is left out; so is that of the sampler's asking, which stands in a
column of its own, because it is Optuna's and grows with what it has been told. What is left is ours: finding
duplicates, study.db, records read again, metrics, rankings, the result. Death rates are continuous, so no
candidate repeats another. Times are of the processor, which other programs disturb least; "wall" is ours by
the clock, with the waiting for the disk.
"""

import argparse
import cProfile
import json
import os
import pstats
import random
import resource
import subprocess
import sys
import tempfile
import time
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import torch

from hyperprune.lyapunov import Conventions, Spectrum
from hyperprune.search import SearchConfig, configure, run
from hyperprune.search.asking.chooser import Chooser
from hyperprune.training import EpochRecord, Failure, History, JobFolder, TrainingJob
from hyperprune.training.entry_points import EVALUATE, MEASURE, TRAIN
from hyperprune.training.stored import checkpoint

UNITS = 32  # exponents of a made-up spectrum
POOLS = (100, 1000)
LIMIT = 1.2


class Clock:
    """Adds up seconds of the processor and of the wall while it is entered."""

    def __init__(self) -> None:
        self.cpu = self.wall = 0.0

    def __enter__(self) -> None:
        self.cpu -= time.process_time()
        self.wall -= time.perf_counter()

    def __exit__(self, *_: object) -> None:
        self.cpu += time.process_time()
        self.wall += time.perf_counter()


class Stub:
    """An executor whose networks need no training; its clock tells the time that it takes itself."""

    workers = 1

    def __init__(self) -> None:
        self.clock = Clock()

    def submit(self, function: str, payload: dict[str, Any]) -> Future[Any]:
        """Make up what the job would measure."""
        future: Future[Any] = Future()
        with self.clock:
            future.set_result(_made_up(function, payload))
        return future

    def cancel(self, future: Future[Any]) -> None:
        """Nothing waits."""

    def close(self) -> None:
        """Nothing is held."""


def _made_up(function: str, payload: dict[str, Any]) -> Any:
    """What a job of each kind gives; yardsticks that are only measured are left out as if they had failed."""
    if function == TRAIN:
        return _trained(payload)
    if function == MEASURE:
        return History(failure=Failure(epoch=0, reason="not measured here")).model_dump(mode="json")
    return {"loss": 4.0, "items": None} if function == EVALUATE else 4.0


def _trained(payload: dict[str, Any]) -> dict[str, Any]:
    job = TrainingJob.model_validate(payload)
    folder = JobFolder(job.folder)
    folder.path.mkdir(parents=True, exist_ok=True)
    history = folder.history()
    while len(history.epochs) < job.until:
        epoch = len(history.epochs) + 1
        chance = random.Random(f"{job.identity}/{epoch}")
        record = EpochRecord(
            epoch=epoch,
            train_loss=4 + chance.random() / epoch,
            valid_loss=4 + chance.random() / epoch,
            live=1000,
            density=0.33,
            spectrum=folder.save_spectrum(epoch, _spectrum(chance)),
        )
        history = History(epochs=(*history.epochs, record))
        records = [one.model_dump() for one in history.epochs]
        document = {"history": records, "state": {}, "job": job.identity}
        checkpoint.save(folder.path, checkpoint.Checkpoint(epoch, {"w": torch.zeros(8)}, document))
        checkpoint.keep(folder.path, {epoch - 1, epoch, history.best.epoch})
    return history.until(job.until).model_dump(mode="json")


def _spectrum(chance: random.Random) -> Spectrum:
    exponents = -torch.tensor([[chance.random() for _ in range(UNITS)] for _ in range(2)]).double()
    ones = torch.ones(UNITS, dtype=torch.long)
    return Spectrum(
        exponents, ones, _CONVENTIONS, torch.tensor([9, 9]), torch.zeros(2, UNITS, dtype=torch.long)
    )


_CONVENTIONS = Conventions()


def configuration(pool: int) -> SearchConfig:
    """A search of so many candidates, no two alike."""
    values = {
        "search.candidates": pool,
        "search.first_epochs": 1,
        "search.round_epochs": 1,
        "recipe.epochs": 20,
        "space.death_rate": {"low": 0.1, "high": 0.9},
        "model.hidden": 8,
        "model.embedding": 8,
        "corpus.max_train_tokens": 2000,
        "corpus.max_vocabulary": 50,
    }
    return configure("python-docs", None, values)


def measure(pool: int, out: Path) -> dict[str, float]:
    """One search; seconds and mebibytes."""
    asking = Clock()
    ask = Chooser.ask

    def timed(*given: Any) -> Any:
        with asking:
            return ask(*given)

    Chooser.ask = timed  # type: ignore[method-assign]
    run(configuration(4), out / "warm", executor=Stub())  # imports, and what is made once a process
    asking.cpu = asking.wall = 0.0
    stub, before, whole = Stub(), _resident(), Clock()
    with whole:
        run(configuration(pool), out / "run", executor=stub)
    return {
        "pool": pool,
        "ours": whole.cpu - stub.clock.cpu - asking.cpu,
        "wall": whole.wall - stub.clock.wall - asking.wall,
        "asking": asking.cpu,
        "stub": stub.clock.cpu,
        "before": before,
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def _resident() -> float:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def _alone(pool: int) -> dict[str, float]:
    """Measured in a process of its own, whose peak of memory is its own."""
    command = [sys.executable, __file__, "--pool", str(pool), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def _row(found: dict[str, float]) -> str:
    pool = found["pool"]
    each = (found[name] / pool * 1000 for name in ("ours", "wall", "asking", "stub"))
    return (
        f"{pool:>6.0f}"
        + "".join(f"{value:>12.2f}" for value in each)
        + (f"{found['before']:>12.0f}{found['peak']:>12.0f}")
    )


def main() -> int:
    """Print a row a pool, and whether ours grows."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--pool", type=int, help="one pool, in this process")
    parser.add_argument("--profile", action="store_true", help="where the time of that pool goes")
    parser.add_argument("--json", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--repeat", type=int, default=3, help="the least of so many runs counts")
    given = parser.parse_args()
    torch.set_num_threads(1)
    if given.pool:
        with tempfile.TemporaryDirectory() as place:
            profile = cProfile.Profile()
            found = (
                profile.runcall(measure, given.pool, Path(place))
                if given.profile
                else measure(given.pool, Path(place))
            )
        if given.json:
            print(json.dumps(found))
        else:
            print(_row(found))
        if given.profile:
            pstats.Stats(profile).sort_stats("cumulative").print_stats(45)
        return 0
    headings = ("ours (ms)", "wall (ms)", "asking (ms)", "stub (ms)", "MiB before", "MiB peak")
    print(f"{'pool':>6}" + "".join(f"{heading:>12}" for heading in headings))
    ours = []
    for pool in POOLS:
        found = min((_alone(pool) for _ in range(given.repeat)), key=lambda one: one["ours"])
        print(_row(found))
        ours.append(found["ours"] / pool)
    ratio = ours[-1] / ours[0]
    print(f"a candidate of {POOLS[-1]} costs {ratio:.2f} times one of {POOLS[0]} (at most {LIMIT})")
    return 0 if ratio <= LIMIT else 1


if __name__ == "__main__":
    sys.exit(main())
