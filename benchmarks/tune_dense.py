"""About a dozen short trainings that find the learning rate, dropout and epochs of a dense network.

    python benchmarks/tune_dense.py demo --work runs/tuning            # of a preset
    python benchmarks/tune_dense.py ptb-lstm-small --corpus ptb --work runs/tuning   # with its texts in ptb/
    python benchmarks/tune_dense.py --task digits --work runs/tuning   # of a shipped task
    python benchmarks/tune_dense.py --config examples/report.toml --decay --work runs/tuning
    python benchmarks/tune_dense.py demo --work runs/tuning --runs 3   # three more; the same call resumes
    python benchmarks/tune_dense.py demo --work runs/tuning --around   # is the best one at an edge?

A search compares its candidates with the dense network, so a dense network at a poor rate makes every
candidate look good. One choice is changed at a time, from the best so far: three rates, four dropouts, the
two rates beside the best one at that dropout, with ``--decay`` a faster and a slower fall of the rate, then
half as many epochs again and twice as many, milestones moved with them, with ``--decay`` the two dropouts
beside the best one again, because longer trainings want more of it. The validation part alone is looked at.
The table is kept in benchmarks/tuning/NAME.json and what was trained in the folder of ``--work``; both are
taken up again.

``--around`` trains the neighbours of what was found: a little more and less of each choice, and more epochs.
They are kept in NAME-around.json and change nothing: they say how much better the dense network could have
been.
"""

import argparse
import json
import sys
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from hyperprune import files
from hyperprune.search import SearchConfig, configure, for_task
from hyperprune.training import History, TrainingJob
from hyperprune.training import run_job as train

TABLES = Path(__file__).parent / "tuning"
DROPOUTS = (0.0, 0.2, 0.35, 0.5, 0.65)
RATES = (0.5, 1.0, 2.0)  # times the preset's, then times the best
LENGTHS = (1.5, 2.0)  # times the preset's epochs
FACTORS = (0.3, 0.7)  # of the rate at a milestone, beside the preset's


@dataclass(frozen=True)
class Setting:
    """What is tuned.

    Attributes:
        learning_rate: of the first epoch.
        dropout: of the network; None for a task that has no such key.
        epochs: of the whole training.
        factor: of the learning rate at each milestone; None for the preset's.
    """

    learning_rate: float
    dropout: float | None
    epochs: int
    factor: float | None = None


@dataclass(frozen=True)
class Run:
    """A training and what it came to.

    Attributes:
        setting: what it was trained with.
        best_epoch: with the lowest validation loss; None if it diverged.
        valid_score: of that epoch; None likewise.
    """

    setting: Setting
    best_epoch: int | None
    valid_score: float | None


class Tuner:
    """Trains settings, each once, and remembers them.

    Args:
        name: of the table.
        config: what is tuned.
        work: where trainings are kept.
        runs: how many may be trained in this call.
    """

    def __init__(self, name: str, config: SearchConfig, work: Path, runs: int) -> None:
        self.name, self._work, self._left = name, work, runs
        self.config = config.bound()
        self.table = TABLES / f"{name}.json"
        self.known = {run.setting: run for run in _read(self.table, self.config)}
        self._asked: list[Setting] = []

    def best(self, settings: list[Setting]) -> Setting | None:
        """The best of these settings and those asked for before; None if this call may train no more."""
        self._asked += settings
        for setting in settings:
            if setting in self.known:
                continue
            if self._left == 0:
                return None
            self._left -= 1
            self.known[setting] = self._train(setting)
            self._write()
        score = self.config.described.judged_by
        found = [run for run in map(self.known.__getitem__, self._asked) if run.valid_score is not None]
        return min(found, key=lambda run: score.signed(run.valid_score or 0.0)).setting

    def _train(self, setting: Setting) -> Run:
        history = train(_job(self.config, setting, self._work))
        run = _judged(self.config, setting, history)
        print(f"{setting}: {run.valid_score} at epoch {run.best_epoch}", file=sys.stderr, flush=True)
        return run

    def _write(self) -> None:
        document = {
            "name": self.name,
            "corpus_sha256": None if self.config.corpus is None else self.config.corpus.sha256,
            "score": self.config.described.judged_by.name,
            "seed": self.config.seed,
            "runs": [_said(run) for run in self.known.values()],
        }
        files.write_json(self.table, document)


def tune(tuner: Tuner, decay: bool = False) -> Setting | None:
    """The best setting, of how fast the rate falls too with ``decay``; None if more calls are needed."""
    config = tuner.config
    dropout = getattr(config.model, "dropout", None)
    start = Setting(config.recipe.learning_rate, dropout, config.recipe.epochs)
    best = tuner.best([replace(start, learning_rate=start.learning_rate * factor) for factor in RATES])
    if best is not None and dropout is not None:
        best = tuner.best([replace(best, dropout=value) for value in DROPOUTS if value != dropout])
    if best is not None:
        best = tuner.best([replace(best, learning_rate=best.learning_rate * f) for f in RATES])
    if best is not None and decay:
        best = tuner.best([best, *(replace(best, factor=value) for value in FACTORS)])
    if best is not None:
        best = tuner.best([replace(best, epochs=round(start.epochs * factor)) for factor in LENGTHS])
    if best is not None and decay and best.dropout is not None:
        less = [value for value in DROPOUTS if value < best.dropout][-1:]
        more = [value for value in DROPOUTS if value > best.dropout][:1]
        best = tuner.best([replace(best, dropout=value) for value in (*less, *more)])
    return best


def neighbours(best: Setting, factor: float) -> list[Setting]:
    """Settings that differ from the best in one choice; ``factor`` is the preset's."""
    own, found = best.factor or factor, []
    if best.dropout is not None:
        nearby = (best.dropout + 0.1, best.dropout - 0.1)
        found = [replace(best, dropout=round(value, 2)) for value in nearby if 0 <= value < 1]
    found.append(replace(best, epochs=round(best.epochs * 4 / 3)))
    found += [replace(best, factor=round(value, 2)) for value in (own + 0.15, own - 0.15) if 0 < value < 1]
    return [*found, *(replace(best, learning_rate=best.learning_rate * by) for by in (1.5, 0.75))]


def _job(config: SearchConfig, setting: Setting, work: Path) -> TrainingJob:
    task, recipe = config.described, config.recipe
    if setting.dropout is not None:
        task = task.with_dropout(setting.dropout)
    stretch = setting.epochs / recipe.epochs
    changed: dict[str, Any] = {
        "learning_rate": setting.learning_rate,
        "epochs": setting.epochs,
        "milestones": tuple(round((epoch - 1) * stretch) + 1 for epoch in recipe.milestones),
    }
    if setting.factor is not None:
        changed["milestone_factor"] = setting.factor
    given = {key: value for key, value in asdict(setting).items() if value is not None}
    name = files.digest({"setting": given, "config": config.digest})[:12]
    return TrainingJob(
        label=name,
        folder=work / name,
        task=task,
        recipe=recipe.model_copy(update=changed),
        seed=config.seed,
        until=setting.epochs,
        threads=config.runtime.threads,
        device=config.runtime.device,
    )


def _said(run: Run) -> dict[str, Any]:
    """The run as the table keeps it: without a factor that is the preset's."""
    document = asdict(run)
    if run.setting.factor is None:
        del document["setting"]["factor"]
    return document


def _judged(config: SearchConfig, setting: Setting, history: History) -> Run:
    if history.failure is not None:
        return Run(setting, None, None)
    return Run(setting, history.best.epoch, config.described.judged_by.shown(history.best.valid_loss))


def _read(table: Path, config: SearchConfig) -> list[Run]:
    """What earlier calls found on the same text."""
    try:
        document = json.loads(table.read_bytes())
    except FileNotFoundError:
        return []
    if config.corpus is not None and document["corpus_sha256"] != config.corpus.sha256:
        return []
    return [Run(Setting(**run.pop("setting")), **run) for run in document["runs"]]


def main() -> int:
    """Train, and print the table, best first."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0] if __doc__ else None)
    parser.add_argument("preset", nargs="?", default="demo")
    parser.add_argument("--task", help="digits or co2, in place of a preset")
    parser.add_argument("--corpus", help="folder of the preset's corpus, if it was not downloaded")
    parser.add_argument("--config", type=Path, help="a TOML file, in place of a preset")
    parser.add_argument("--decay", action="store_true", help="tune how fast the rate falls too")
    parser.add_argument("--around", action="store_true", help="then train the neighbours of the best")
    parser.add_argument("--work", type=Path, required=True, help="folder for what is trained")
    parser.add_argument("--runs", type=int, default=99, help="trainings of this call")
    given = parser.parse_args()
    source = {"corpus.source": given.corpus}
    name = given.task or (given.preset if given.config is None else given.config.stem)
    if given.task is not None:
        config = for_task(given.task)
    else:
        config = configure(None if given.config else given.preset, given.config, source)
    tuner = Tuner(name, config, given.work, given.runs)
    best = tune(tuner, given.decay)
    _print(tuner)
    print("more to train: give the same command again" if best is None else f"best: {best}")
    if best is not None and given.around:
        beside = Tuner(f"{name}-around", config, given.work, given.runs)
        beside.best(neighbours(best, config.recipe.milestone_factor))
        print("\naround it:\n")
        _print(beside)
    return 0


def _print(tuner: Tuner) -> None:
    """What is known, best first."""
    score = tuner.config.described.judged_by
    print("| rate | dropout | epochs | factor | best epoch | validation |")
    print("| --: | --: | --: | --: | --: | --: |")
    scored = sorted(
        tuner.known.values(),
        key=lambda run: float("inf") if run.valid_score is None else score.signed(run.valid_score),
    )
    for run in scored:
        s, shown = run.setting, "diverged" if run.valid_score is None else score.text(run.valid_score)
        cells = (f"{s.learning_rate:g}", s.dropout, s.epochs, s.factor or "", run.best_epoch, shown)
        print("| " + " | ".join(map(str, cells)) + " |")


if __name__ == "__main__":
    sys.exit(main())
