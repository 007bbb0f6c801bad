"""What a pattern costs in quality: a word LSTM and digits at two densities, every pattern, three seeds.

    python benchmarks/patterns.py --out runs/patterns            # trains what is missing, then prints
    python benchmarks/patterns.py --table                        # prints what benchmarks/patterns holds

The word LSTM has the text, sizes (2 x 128 units) and recipe of the preset demo, but for 2,000 types, batches
of 20 at twice the rate, and 6 epochs; ``--corpus`` gives another text. Digits is the included task with 48
units. Every pruned network is made in the same way, from scratch along the cubic of ``gradual_magnitude``
over the first three quarters of the budget, which all patterns can follow. The decoder of digits has ten
rows, which no block divides: it stays dense there, but for ``units``, which takes the columns of its units
out of it.

A training that was interrupted goes on where it was, and each leaves one record, so the command can be given
again and again. Records of another text lie in another folder: see ``--records``.
"""

import argparse
import dataclasses
import json
import statistics
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hyperprune.search import SearchConfig, configure, for_task
from hyperprune.sparsity import METHODS, PruningVariant
from hyperprune.training import TrainingJob, run_job
from hyperprune.training.evaluation import EvaluationJob, evaluate_checkpoint
from hyperprune.training.stored.checkpoint import path as checkpoint_path

RECORDS = Path(__file__).with_name("patterns")
DENSITIES = (0.33, 0.10)
SEEDS = (0, 1, 2)
TASKS = ("words", "digits")
PATTERNS = ("1x1", "16x1", "8x4", "units")
HEADINGS = ("task", "density", "pattern", "live weights", "valid", "test", "test, each seed")


@dataclass(frozen=True)
class Work:
    """One training.

    Attributes:
        task: ``words`` or ``digits``.
        pattern: its name; none for the dense network.
        density: that was asked for.
        seed: root seed.
    """

    task: str
    pattern: str | None
    density: float
    seed: int

    @property
    def name(self) -> str:
        """Of its folder and its record."""
        return f"{self.task}-{self.pattern or 'dense'}-{self.density:.2f}-{self.seed}"

    @property
    def variant(self) -> PruningVariant | None:
        """How it is pruned."""
        if self.pattern is None:
            return None
        dense = ("decoder",) if self.task == "digits" and self.pattern != "units" else ()
        method = METHODS["gradual_magnitude"].at(self.density, exclude=dense)
        return dataclasses.replace(method, pattern=self.pattern)


def works() -> Iterator[Work]:
    """All trainings, one seed of everything after another, so that a part of them is a table too."""
    for seed in SEEDS:
        for task in TASKS[::-1]:  # digits are quick
            yield Work(task, None, 1.0, seed)
            for density in DENSITIES:
                yield from (Work(task, pattern, density, seed) for pattern in PATTERNS)


def configuration(task: str, corpus: str | None) -> SearchConfig:
    """Network, data and recipe of a task."""
    if task == "digits":
        return for_task("digits")
    text: dict[str, Any] = {} if corpus is None else {"corpus.source": corpus}
    recipe = {"batch": 20, "learning_rate": 20.0, "epochs": 6, "milestones": [5, 6]}
    text |= {f"recipe.{name}": value for name, value in recipe.items()}
    return configure("demo", None, {"corpus.max_vocabulary": 2000, **text})


def train(work: Work, config: SearchConfig, folder: Path) -> dict[str, Any]:
    """What the best epoch of a training measured."""
    began = time.monotonic()
    job = TrainingJob(
        label=work.name,
        folder=folder,
        task=config.described,
        recipe=config.recipe,
        variant=work.variant,
        seed=work.seed,
        until=config.recipe.epochs,
    )
    history = run_job(job)
    if history.failure is not None:
        return {**dataclasses.asdict(work), "failure": history.failure.reason}
    best = history.best  # of the epochs after the schedule has ended
    score = config.described.judged_by
    checkpoint = checkpoint_path(folder, best.epoch)
    test = evaluate_checkpoint(
        EvaluationJob(checkpoint=checkpoint, task=config.described, recipe=config.recipe, part="test")
    )
    return {
        **dataclasses.asdict(work),
        "score": score.name,
        "epochs": len(history.epochs),
        "best_epoch": best.epoch,
        "live": best.live,
        "density_reached": best.density,
        "valid": score.shown(best.valid_loss),
        "test": score.shown(test),
        "seconds": round(time.monotonic() - began, 1),
    }


def rows(records: list[Mapping[str, Any]]) -> Iterator[tuple[str, ...]]:
    """Lines of the table: means over the seeds that are there."""
    kinds = dict.fromkeys((w.task, w.density, w.pattern) for w in works())
    for task, density, pattern in sorted(kinds, key=lambda kind: (TASKS.index(kind[0]), -kind[1])):
        found = [r for r in records if (r["task"], r["density"], r["pattern"]) == (task, density, pattern)]
        found = [r for r in found if "failure" not in r]
        if not found:
            continue
        digits = 2 if task == "words" else 4
        valid, test = (statistics.fmean(r[part] for r in found) for part in ("valid", "test"))
        live = statistics.fmean(r["live"] for r in found)
        each = ", ".join(f"{r['test']:.{digits}f}" for r in found)
        asked = "dense" if pattern is None else f"{density:.2f}"
        yield (
            f"{task}, {found[0]['score']}",
            asked,
            pattern or "",
            f"{live:,.0f}",
            f"{valid:.{digits}f}",
            f"{test:.{digits}f}",
            each,
        )


def read(folder: Path) -> list[Mapping[str, Any]]:
    """The records that a folder holds, in the order of the works."""
    paths = [folder / f"{work.name}.json" for work in works()]
    return [json.loads(path.read_text()) for path in paths if path.exists()]


def main() -> None:
    """Train what is missing and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, default=Path("runs/patterns"), help="checkpoints")
    parser.add_argument("--records", type=Path, default=RECORDS)
    parser.add_argument("--corpus", help="a text in place of the one of the preset demo")
    parser.add_argument("--table", action="store_true", help="train nothing")
    options = parser.parse_args()
    options.records.mkdir(parents=True, exist_ok=True)
    for work in () if options.table else works():
        path = options.records / f"{work.name}.json"
        if not path.exists():
            found = train(work, configuration(work.task, options.corpus), options.out / work.name)
            path.write_text(json.dumps(found, indent=1) + "\n")
            print(f"{work.name}: {found.get('test', found.get('failure'))}", flush=True)
    for row in (HEADINGS, ("---",) * len(HEADINGS), *rows(read(options.records))):
        print(f"| {' | '.join(row)} |")


if __name__ == "__main__":
    main()
