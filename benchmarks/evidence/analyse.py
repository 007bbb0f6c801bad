"""Tables and figures of the evidence run, from the records that are there.

    python benchmarks/evidence/analyse.py [--published lstm_ptb_pool.csv] [--figures docs/figures]

Fixed before any final perplexity was read:

* A variant's final is its validation perplexity at its best epoch of 30. Variants at seed 0 are ranked; a
  diverged one is named and left out.
* The first question: at epoch 3, the published first ranking, does the LS distance that a search takes by
  default (hidden, forward, l2, to the dense spectrum of the same epoch) rank the finals better than the
  validation loss does? Spearman's correlation, the paired 95 % interval of the difference over resampled
  variants. All else (other epochs, conventions, references, weighted ranks) explores; with so many, some
  will look good by chance.
* Selections are replays on the recorded trainings with the search's own halving rule; the pool is what has
  been trained, so the best known is the best of it. Two thirds of the pool, drawn 500 times, say how much a
  selection owes to this one pool.
* The ceiling is the rank correlation between the finals of two seeds over the repeated variants.

Added after finals were read: what the answer to the first question owes to any one variant, how much of an
early loss is the variant's own, and medians by pruning choice. Added after all finals, but before the repeats
had distances: how much of an early LS distance is the variant's own, and the first question for each seed
over the eight variants that have three (mean over seeds, variants resampled).
"""

import argparse
import dataclasses
import math
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from statistics import median

import figures
import published
import seeds
from ceiling import Ceiling, ceiling
from early import EPOCHS, LOSS, LS, Row, default_ls, loss, rows
from networks import Network, Networks, finals, load
from replay import FULL, Selection, outcome, over_subpools, replays

from hyperprune.search.metrics.rank_correlation import Estimate, correlation, resamples

DRAWS = 4000
FEWEST = 4  # variants below which nothing is ranked
FIRST = 3
MAIN = (LOSS, LS, f"{LS.split(' l2')[0]} wasserstein, same epoch", "rank: 0.5 ls, 0.5 loss")


def main() -> None:
    """Print what the records say."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--records", type=Path, default=Path(__file__).parent / "records")
    parser.add_argument("--published", type=Path, help="lstm_ptb_pool.csv, if you have it")
    parser.add_argument("--figures", type=Path, help="folder for the PNG files")
    options = parser.parse_args()
    networks = load(options.records)
    pieces(networks)
    agreements(networks, options.published)
    if len(networks.candidates) < FEWEST:
        raise SystemExit(f"{len(networks.candidates)} variants are trained: ranking needs {FEWEST}")
    found = rows(networks.candidates, resamples(len(networks.candidates), DRAWS, 0))
    top = ceiling(networks.repeats, DRAWS)
    rankings(found, top)
    without_widest(networks)
    by_seed(networks)
    leaving_one_out(networks.candidates)
    choices(networks.candidates)
    every_metric(found)
    selections = searches(networks)
    if options.figures is not None:
        known = None if top is None else top.mean["spearman"]
        figures.correlations(found, known, options.figures / "evidence_correlation.png")
        figures.scatter(networks.candidates, networks.dense.get(0), options.figures / "evidence_finals.png")
        figures.costs(selections, options.figures / "evidence_cost.png")


def pieces(networks: Networks) -> None:
    """What is there: each network's early measures and its end."""
    print(f"{len(networks.trained)} networks of 43, {len(networks.candidates)} variants of 24 at seed 0")
    if networks.failed:
        print(f"diverged: {', '.join(networks.failed)}")
    headings = ("network", "variant", "ppl at 3", "LS at 3", "cut at 3", "final ppl", "best epoch")
    body = []
    for n in sorted(networks.trained, key=lambda n: n.final):
        distance = f"{n.every_epoch['l2'][FIRST - 1]:.3f}" if n.every_epoch else ""
        body.append(
            (
                f"{'dense' if n.number is None else n.number} (seed {n.seed})",
                n.words,
                f"{math.exp(n.valid_loss[FIRST - 1]):.2f}",
                distance,
                f"{n.clamped[FIRST]['hidden-forward']}",
                f"{n.final:.3f}",
                f"{n.best_epoch}",
            )
        )
    table(headings, body)
    seconds = {kind: sum(n.seconds[kind] for n in networks.trained) for kind in ("training", "spectra")}
    print(", ".join(f"{kind} {total / 3600:.2f} h of one core" for kind, total in seconds.items()))


def rankings(found: Sequence[Row], top: Ceiling | None) -> None:
    """The main metrics with intervals, the differences to loss, and the ceiling."""
    print("\nSpearman with the final perplexity [95 % interval]")
    by_epoch("metric", MAIN, found, lambda row: interval(row.spearman))
    print("\nKendall's tau-b with the final perplexity [95 % interval]")
    by_epoch("metric", MAIN, found, lambda row: interval(row.kendall))
    print("\nSpearman less that of the loss at the same epoch [paired 95 % interval]")
    by_epoch("metric", MAIN[1:], found, lambda row: interval(row.over_loss))
    if top is None:
        print("\nno two variants have several seeds yet: the ceiling is not known")
        return
    print(
        f"\nceiling: {top.variants} variants, {top.runs} networks; seeds of one variant differ by "
        f"{top.within:.3f} (standard deviation), variants by {top.between:.3f}; reliability of a final "
        f"{top.reliability:.2f}"
    )
    for (one, other), kinds in top.pairs.items():
        print(f"final of seed {one} with final of seed {other}: " + words(kinds.items()))
    if top.pairs:
        print("mean over pairs of seeds: " + ", ".join(f"{k} {v:.2f}" for k, v in top.mean.items()))


def without_widest(networks: Networks) -> None:
    """How far seeds differ without the variant whose seeds differ most."""
    repeats = networks.repeats
    if len(repeats) > 2:
        widest = max(
            repeats, key=lambda number: max(repeats[number].values()) - min(repeats[number].values())
        )
        rest = ceiling({number: by for number, by in repeats.items() if number != widest}, 1)
        assert rest is not None
        print(f"without variant {widest}: seeds differ by {rest.within:.3f}, variants by {rest.between:.3f}")


def by_seed(networks: Networks) -> None:
    """Over the repeated variants: how far an early metric is the variant's, and how it ranks their finals."""
    repeated = seeds.repeatability(networks)
    print("\nA metric of one seed with that of another at the same epoch, over the repeated variants")
    body = []
    for name in seeds.METRICS:
        found = [r for r in repeated if r.metric == name]
        if len(found) == len(EPOCHS):
            body.append(
                (f"{name}: Spearman, mean over pairs of seeds", *(f"{r.spearman:.2f}" for r in found))
            )
            body.append((f"{name}: reliability", *(f"{r.reliability:.2f}" for r in found)))
    table(("metric", *(f"epoch {epoch}" for epoch in EPOCHS)), body)
    own = seeds.own_finals(networks, DRAWS)
    if not own:
        print("repeats without distances: what ranks the finals of their own seed is not known")
        return
    print("\nSpearman with the finals of the own seed, over the variants that have every seed")
    body = [
        (
            o.metric,
            f"{o.epoch}",
            *(f"{value:.2f}" for value in o.by_seed.values()),
            interval(o.mean),
            "" if o.metric == LOSS else interval(o.over_loss),
        )
        for o in own
    ]
    table(("metric", "epoch", *(f"seed {seed}" for seed in own[0].by_seed), "mean", "less loss"), body)


def leaving_one_out(pool: Sequence[Network]) -> None:
    """The first question, asked again without each of the variants in turn."""
    metrics = {"LS": default_ls("l2"), "loss": loss}
    parts = [[other for other in pool if other is not one] for one in pool]
    known = {
        name: [correlation("spearman", metric(part, FIRST), finals(part)) for part in parts]
        for name, metric in metrics.items()
    }
    known["difference"] = [ls - by_loss for ls, by_loss in zip(known["LS"], known["loss"], strict=True)]
    ranges = (f"{name} {min(values):.2f} to {max(values):.2f}" for name, values in known.items())
    print(f"\nSpearman at epoch {FIRST}, any one variant left out: {', '.join(ranges)}")


def choices(pool: Sequence[Network]) -> None:
    """Median final by each pruning choice; the variants are a draw, not a design."""
    print("\nmedian final perplexity by choice (variants)")
    for place, rule in enumerate(("sparse_init", "death", "redistribution", "death_rate")):
        by: dict[str, list[float]] = {}
        for network in pool:
            by.setdefault(network.words.split(", ")[place], []).append(network.final)
        print(f"{rule}: " + ", ".join(f"{k} {median(by[k]):.2f} ({len(by[k])})" for k in sorted(by)))


def every_metric(found: Sequence[Row]) -> None:
    """Spearman of all metrics, values alone."""
    print("\nSpearman with the final perplexity, every metric")
    by_epoch(
        "metric", list(dict.fromkeys(row.metric for row in found)), found, lambda r: f"{r.spearman.value:.2f}"
    )


def agreements(networks: Networks, path: Path | None) -> None:
    """LS distance against perplexity of the same early epoch, here and in the published pool."""
    print(f"\nLS distance with perplexity, both after {FIRST} epochs [95 % interval]")
    here = networks.candidates
    known = []
    if len(here) >= FEWEST:
        paper = [n.distances["same_epoch"][FIRST]["paper/l2"] for n in here]
        quality = loss(here, FIRST)
        known = [
            published.agreement("here, default", list(default_ls("l2")(here, FIRST)), quality, DRAWS),
            published.agreement("here, conventions of the paper", paper, quality, DRAWS),
        ]
    if path is not None and path.exists():
        known.append(published.agreement("published (PTB, 2 x 1500)", *published.read(path), DRAWS))
    body = [
        (a.pool, f"{a.variants}", *(interval(a.correlations[kind]) for kind in ("spearman", "kendall")))
        for a in known
    ]
    table(("pool", "variants", "Spearman", "Kendall"), body)


def searches(networks: Networks) -> dict[str, Selection]:
    """What each way to search would have selected; gives the means over sub-pools, all epochs charged."""
    pool = networks.candidates
    print(f"\nselections from {len(pool)} variants, best final {min(finals(pool)):.3f}")
    body, means = [], {}
    for replay in replays():
        here, mean = outcome(replay, pool), over_subpools(replay, pool)
        means[replay.name] = dataclasses.replace(mean, cost=mean.cost + FULL * replay.dense)
        body.append(
            (
                replay.name,
                f"{here.cost:.0f}",
                f"{here.cost + FULL * replay.dense:.0f}",
                f"{here.place:.3g}",
                f"{here.regret:.3f}",
                f"{mean.regret:.3f}",
            )
        )
    table(("search", "epochs", "with dense", "place", "regret", "mean regret, sub-pools"), body)
    return means


def by_epoch(head: str, names: Sequence[str], found: Sequence[Row], cell: Callable[[Row], str]) -> None:
    """A table of metrics by epoch."""
    place = {(row.metric, row.epoch): row for row in found}
    body = [(name, *(cell(place[name, epoch]) for epoch in EPOCHS)) for name in names]
    table((head, *(f"epoch {epoch}" for epoch in EPOCHS)), body)


def interval(found: Estimate) -> str:
    """Value and interval."""
    return f"{found.value:.2f} [{found.low:.2f}, {found.high:.2f}]"


def words(kinds: Iterable[tuple[str, Estimate]]) -> str:
    """Several correlations in a line."""
    return ", ".join(f"{kind} {interval(found)}" for kind, found in kinds)


def table(headings: Sequence[str], body: Iterable[Sequence[str]]) -> None:
    """A Markdown table."""
    print("| " + " | ".join(headings) + " |")
    print("|" + " --- |" * len(headings))
    for row in body:
        print("| " + " | ".join(row) + " |")


if __name__ == "__main__":
    main()
