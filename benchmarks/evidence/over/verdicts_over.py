"""Put the best network of each pool beside the dense one on the test part, with intervals.

    python benchmarks/evidence/over/verdicts_over.py lstm --corpus ../shared/data/ptb --work runs/over

Needs the checkpoints that train_over.py left in ``--work``. Writes ``verdicts-REGIME.json`` beside the
records; analyse_over.py prints it. The networks are those with the lowest validation loss of their pool and
seed, so the test part selects nothing. The intervals cover the data (a paired block bootstrap), not the
seeds.
"""

from pathlib import Path
from typing import Any, cast

import torch
from networks_over import Records, Trained, load
from regimes import REGIMES, Piece, Pool, job
from train_over import best_checkpoint, places

from hyperprune.files import write_json
from hyperprune.training import TrainingJob
from hyperprune.training.evaluation import EvaluationJob
from hyperprune.training.itemised import Itemised, evaluate_items
from hyperprune.training.verdict.judge import judged
from hyperprune.training.verdict.verdict import TOLERANCE

COMPARED = ("trained-on", "scratch", "started", "ramped", "small")


def main() -> None:
    """Judge what is there."""
    options = places(__doc__).parse_args()
    torch.set_num_threads(1)
    records, found = load(options.records, options.regime), []
    for seed in REGIMES[options.regime].seeds:
        dense = records.pool("dense", seed)
        if not dense:
            continue
        reference = tested(options.regime, dense[0], options.corpus, options.work.resolve())
        for network in chosen(records, seed):
            own = tested(options.regime, network, options.corpus, options.work.resolve())
            score = described(options.regime, network, options.corpus, options.work).task.judged_by
            verdict = judged(score, reference, own, TOLERANCE, seed)
            found.append(entry(network, verdict.model_dump()))
            print(f"{network.pool} {network.number} of seed {seed}: {verdict.against_dense}", flush=True)
    write_json(options.records / f"verdicts-{options.regime}.json", {"verdicts": found})


def chosen(records: Records, seed: int) -> list[Trained]:
    """The best of each pool by validation; every small dense network."""
    found: list[Trained] = []
    for pool in COMPARED:
        known = records.pool(pool, seed)
        found += known if pool == "small" else sorted(known, key=lambda n: n.final)[:1]
    return found


def tested(regime: str, network: Trained, corpus: str | None, work: Path) -> Itemised:
    """A network at its best epoch on the test part."""
    stage = described(regime, network, corpus, work)
    checkpoint = best_checkpoint(work / stage.label)
    assert checkpoint is not None, f"{stage.label} has no checkpoint in --work"
    return evaluate_items(
        EvaluationJob(checkpoint=checkpoint, task=stage.task, recipe=stage.recipe, part="test")
    )


def described(regime: str, network: Trained, corpus: str | None, work: Path) -> TrainingJob:
    """Its training."""
    piece = Piece(regime, cast(Pool, network.pool), network.number, network.seed)
    parent = best_checkpoint(work / piece.dense.name)
    return job(piece, corpus, work, piece.epochs, parent)


def entry(network: Trained, verdict: dict[str, Any]) -> dict[str, Any]:
    """What is kept of a verdict."""
    return {"pool": network.pool, "number": network.number, "seed": network.seed, **verdict}


if __name__ == "__main__":
    main()
