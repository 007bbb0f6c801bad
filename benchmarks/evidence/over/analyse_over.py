"""Tables and figures of a regime, from the records that are there.

    python benchmarks/evidence/over/analyse_over.py lstm [--figures docs/figures]

Fixed before any final was read:

* A network's final is its validation loss at its best epoch. From scratch the first step must have been
  taken; from the dense network the masked network before it counts too.
* The primary question: from scratch, after epoch 3, Spearman's correlation of the LS distance that a search
  takes (hidden, forward, l2, to the dense spectrum of the same epoch) with the finals, less that of the
  validation loss; the mean over seeds. A default of a search changes only if ``gru`` agrees in sign and
  neither interval of the pooled seeds reaches 0.
* Masks at random are there as a control, and every score tells them from the others. So masks are ranked
  with them and without.
* All else explores, and with so many metrics some look good by chance: other metrics and epochs; masks of the
  dense network, before any training and after one and two epochs; what each way to search would have
  selected, replayed on random two thirds of the pool; how far two seeds agree; and the best of each pool
  beside the dense network, one that is trained on and imitates itself, and small dense networks.
"""

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from statistics import mean

import figures_over as figures
from networks_over import Records, Trained, load
from rankings import (
    FIRST,
    LOSS,
    LS,
    SCRATCH,
    STARTED,
    Metric,
    Row,
    rows,
    values,
)
from regimes import FURTHER, REGIMES, Regime, tuned
from selections import Point, curves
from tables_over import by_epoch, difference_words, interval, spread, table

from hyperprune.search.metrics.rank_correlation import Estimate, correlation

DRAWS = 4000
FEWEST = 4  # networks below which nothing is ranked


def main() -> None:
    """Print what the records say."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("regime", choices=sorted(REGIMES))
    parser.add_argument("--records", type=Path, default=Path(__file__).resolve().parent / "records")
    parser.add_argument("--figures", type=Path, help="folder for the PNG files")
    options = parser.parse_args()
    regime, records = REGIMES[options.regime], load(options.records, options.regime)
    tuning(regime)
    present(regime, records)
    primary(regime, records)
    first = regime.seeds[0]
    scratch = ranking("from scratch", SCRATCH, of_seeds(regime, records, "scratch"))
    short(records, first)
    masks = of_seeds(regime, records, "started")
    started = ranking("masks of the dense network", STARTED, masks)
    ranking("masks of the dense network that are not random", STARTED, [informed(pool) for pool in masks])
    criteria(records, first)
    gradual(records, first)
    ceilings(regime, records)
    points = chosen(regime, records)
    scores = beside_dense(regime, records)
    if options.figures is not None:
        folder, name = options.figures, f"evidence_over_{regime.name}"
        if scratch:
            named = (
                LOSS,
                LS,
                "LS full, same epoch",
                "sum of training losses",
                "hidden covariance",
                "Jacobian",
            )
            figures.ranks(scratch, named, "from scratch", folder / f"{name}_scratch.png")
        if started:
            figures.ranks(started, tuple(STARTED), "masks of the dense network", folder / f"{name}_dense.png")
        if points:
            figures.selects(points, folder / f"{name}_selects.png")
        if scores:
            figures.against_dense(
                scores, "perplexity" if records.perplexity else "error", folder / f"{name}_finals.png"
            )


def tuning(regime: Regime) -> None:
    """The short runs behind the recipe, and those around what they found."""
    if regime.name == "digits":
        return
    print(f"## {regime.name}")
    for words, name in (
        ("Dense network, tuned", regime.name),
        ("Around it, afterwards", f"{regime.name}-around"),
    ):
        settings = [(run["setting"], run["valid_score"]) for run in tuned(name)]
        if not settings:
            continue
        print(f"\n{words}:")
        table(
            ("rate", "dropout", "factor", "epochs", "validation perplexity"),
            [
                (
                    f"{s['learning_rate']:g}",
                    f"{s['dropout']}",
                    f"{s.get('factor', '')}",
                    f"{s['epochs']}",
                    f"{v:.2f}",
                )
                for s, v in sorted(settings, key=lambda pair: pair[1])
            ],
        )


def present(regime: Regime, records: Records) -> None:
    """What is there, and what is not."""
    counts = {pool: sum(n.pool == pool for n in records.trained) for pool in ("scratch", "started", "dense")}
    print(f"\n{len(records.trained)} networks: " + ", ".join(f"{n} {pool}" for pool, n in counts.items()))
    if records.failed:
        print(f"diverged: {', '.join(records.failed)}")
    for name in ("scratch", "started"):
        for pool in of_seeds(regime, records, name):
            finals = [records.shown(network.final) for network in pool]
            print(
                f"finals of {name}, seed {pool[0].seed}: {min(finals):.2f} to {max(finals):.2f}, validation"
            )
    for seed in regime.seeds:
        missing = regime.variants if seed == regime.seeds[0] else regime.repeated
        missing -= len(records.pool("scratch", seed))
        if missing:
            print(f"seed {seed}: {missing} from scratch are not there yet")


def primary(regime: Regime, records: Records) -> None:
    """The question that was fixed beforehand."""
    print(f"\nSpearman of LS distance with the final, less that of loss, from scratch, epoch {FIRST}")
    pools = [
        pool
        for pool in of_seeds(regime, records, "scratch")
        if values(SCRATCH[LS], pool, FIRST) is not None and values(SCRATCH[LOSS], pool, FIRST) is not None
    ]
    if not pools:
        return
    body = []
    for pool in pools:
        own, by_loss, over_loss = at_first([pool])
        then = [records.shown(loss) for loss in values(SCRATCH[LOSS], pool, FIRST) or ()]
        dense = [records.shown(n.valid_loss[FIRST]) for n in records.pool("dense", pool[0].seed)]
        body.append(
            (
                f"{pool[0].seed}",
                f"{len(pool)}",
                ", ".join(f"{score:.1f}" for score in dense),
                f"{min(then):.1f} to {max(then):.1f}",
                f"{own.value:.2f}",
                f"{by_loss.value:.2f}",
                interval(over_loss),
            )
        )
    own, by_loss, over_loss = at_first(pools)
    body.append(("mean", "", "", "", f"{own.value:.2f}", f"{by_loss.value:.2f}", interval(over_loss)))
    table(
        ("seed", "networks", "dense then", "variants then", "LS", "loss", "difference [95 % interval]"), body
    )


def at_first(pools: Sequence[Sequence[Trained]]) -> tuple[Estimate, Estimate, Estimate]:
    """Spearman of LS distance and of loss at the epoch of the question, and the difference."""
    found = {
        row.metric: row
        for row in rows({LOSS: SCRATCH[LOSS], LS: SCRATCH[LS]}, pools, DRAWS)
        if row.epoch == FIRST
    }
    return found[LS].spearman, found[LOSS].spearman, found[LS].over_loss


def of_seeds(regime: Regime, records: Records, name: str) -> list[list[Trained]]:
    """A pool of each seed that has enough of it to be ranked."""
    pools = [records.pool(name, seed) for seed in regime.seeds]
    return [pool for pool in pools if len(pool) >= FEWEST]


def ranking(head: str, metrics: dict[str, Metric], pools: Sequence[Sequence[Trained]]) -> list[Row]:
    """Spearman of all metrics by epoch: of the first seed, the mean over seeds, and how far ahead of loss."""
    pools = [pool for pool in pools if len(pool) >= FEWEST]
    if not pools:
        return []
    found = rows(metrics, pools[:1], DRAWS)
    print(f"\nSpearman with the final, {head}, {len(pools[0])} networks of seed {pools[0][0].seed}")
    by_epoch(found, lambda row: interval(row.spearman))
    if len(pools) > 1:
        found = rows(metrics, pools, DRAWS)
        sizes = " + ".join(f"{len(pool)}" for pool in pools)
        print(f"\nSpearman with the final, {head}, mean over {len(pools)} seeds ({sizes} networks)")
        by_epoch(found, lambda row: interval(row.spearman))
    print("\nless that of the loss")
    by_epoch([row for row in found if row.metric != LOSS], lambda row: interval(row.over_loss))
    return found


def informed(masks: Sequence[Trained]) -> list[Trained]:
    """Those whose criterion looks at the network."""
    return [network for network in masks if network.words != "random"]


def criteria(records: Records, seed: int) -> None:
    """Mean and best validation score of the masks of each criterion, as they are and in the end."""
    pools = {name: records.pool(name, seed) for name in ("started", "ramped")}
    if not pools["started"]:
        return
    body = []
    for criterion in sorted({network.words for network in pools["started"]}):
        own = {name: [n for n in pool if n.words == criterion] for name, pool in pools.items()}
        before = [records.shown(n.valid_loss[0]) for n in own["started"]]
        finals = {name: [records.shown(n.final) for n in pool] for name, pool in own.items()}
        body.append(
            (criterion, *(spread(scores) for scores in (before, finals["started"], finals["ramped"])))
        )
    print("\nMean (best) validation score of the masks of a criterion")
    table(("criterion", "before any training", "at the end", "at the end, reached gradually"), body)


def short(records: Records, seed: int) -> None:
    """How the whole schedule made short ranks the finals."""
    known = {network.number: network.final for network in records.pool("short", seed)}
    pool = [network for network in records.pool("scratch", seed) if network.number in known]
    if len(pool) >= FEWEST:
        value = correlation("spearman", [known[n.number] for n in pool], [n.final for n in pool])
        print(f"\nthe whole schedule in 6 epochs: Spearman {value:.2f} over {len(pool)} networks")


def gradual(records: Records, seed: int) -> None:
    """How what is known of a mask before any training ranks where it ends if it is reached gradually."""
    known = {network.number: network.final for network in records.pool("ramped", seed)}
    masks = [network for network in records.pool("started", seed) if network.number in known]
    if len(masks) < FEWEST:
        return
    pool = [replace(network, final=known[network.number]) for network in masks]
    found = [row for row in rows(STARTED, [pool], DRAWS) if row.epoch == 0]
    print(f"\nSpearman with the final of the same masks, reached gradually, {len(pool)} networks")
    table(
        ("metric before any training", "final, reached gradually", "final, at once"),
        [
            (row.metric, interval(row.spearman), interval(other.spearman))
            for row, other in zip(found, rows(STARTED, [masks], DRAWS), strict=False)
        ],
    )
    gain = mean(one.final - other.final for one, other in zip(masks, pool, strict=True))
    print(f"mean gain of reaching a mask gradually: {gain:+.4f} nats")


def ceilings(regime: Regime, records: Records) -> None:
    """How far the finals of two seeds agree."""
    for name in ("scratch", "started"):
        by_seed = {seed: {n.number: n.final for n in records.pool(name, seed)} for seed in regime.seeds}
        for i, one in enumerate(regime.seeds):
            for other in regime.seeds[i + 1 :]:
                both = sorted(set(by_seed[one]) & set(by_seed[other]))
                if len(both) >= FEWEST:
                    value = correlation(
                        "spearman", [by_seed[one][k] for k in both], [by_seed[other][k] for k in both]
                    )
                    print(f"finals of {name}, seeds {one} and {other}: Spearman {value:.2f} over {len(both)}")


def chosen(regime: Regime, records: Records) -> list[Point]:
    """What each way to search would have selected, by seed; gives that of the first."""
    by_seed = []
    for seed in regime.seeds:
        pool = records.pool("scratch", seed)
        if len(pool) < 2 * FEWEST:
            continue
        points = curves(pool, records.pool("started", seed), regime.epochs, FURTHER)
        print(
            f"\nregret of what is selected, seed {seed}, mean over random two thirds of {len(pool)} variants"
        )
        body = sorted(points, key=lambda point: (point.way, point.cost))
        table(
            ("way", "epochs", "regret, nats", "within its family"),
            [(p.way, f"{p.cost:.0f}", f"{p.regret:.4f}", f"{p.within:.4f}") for p in body],
        )
        by_seed.append(points)
    return by_seed[0] if by_seed else []


def beside_dense(regime: Regime, records: Records) -> dict[str, list[float]]:
    """The best of each pool by validation, its test score, and what it must be compared with."""
    body, scores = [], {}
    for pool, words in (
        ("dense", "dense, tuned"),
        ("trained-on", "dense, trained on and distilled from itself"),
        ("scratch", "best from scratch"),
        ("started", "best mask of the dense network"),
        ("ramped", "best mask, reached gradually"),
        ("small", "small dense"),
    ):
        for seed in regime.seeds:
            known = records.pool(pool, seed)
            for network in known if pool == "small" else sorted(known, key=lambda n: n.final)[:1]:
                test = records.shown(network.test_loss)
                label = f"{words} of {network.live:,}" if pool == "small" else words
                scores.setdefault(label, []).append(test)
                body.append(
                    (
                        label,
                        f"{seed}",
                        network.words,
                        f"{network.live:,}",
                        f"{records.shown(network.final):.3f}",
                        f"{test:.3f}",
                        difference_words(records.verdicts.get((pool, network.number, seed))),
                    )
                )
    print("\nPruned and dense")
    table(("network", "seed", "variant", "live weights", "validation", "test", "better on test by"), body)
    return scores


if __name__ == "__main__":
    main()
