"""What leaving out near duplicates changes, on a pool whose candidates have all been trained to the end.

    hyperprune search --config examples/near-duplicates.toml --out runs/pool    # trains every candidate
    python benchmarks/near_duplicates.py runs/pool

The pool's first ranking is made again with several radii. A row says how many candidates have a better twin
within the radius, how many of those the plain ranking would have promoted, how many go on instead, and the
final validation scores of those that go on, best and mean. Below it, how long hashing takes beside comparing
all pairs, for made-up pools of networks with 3,000 exponents.
"""

import argparse
import statistics
import sys
import time
from pathlib import Path

import torch
from torch import Tensor

from hyperprune.search import RunFolder
from hyperprune.search.metrics.near_duplicates import apart, twins
from hyperprune.seeding import generator

SHARES = (0.0, 0.02, 0.05, 0.1, 0.2, 0.4)
EXPONENTS = 3000
POOLS = (250, 500, 1000)


def effect(run: RunFolder) -> None:
    """The first ranking with radii that are quantiles of the distances of all pairs."""
    config, result = run.config(), run.finished()
    epoch = result.rounds[0].until
    ranking = sorted(result.candidates, key=lambda c: (c.pool_metric or 0.0, c.number))
    ranked = [c.number for c in ranking if c.duplicate_of is None and c.pool_metric is not None]
    points = {n: run.candidate(n).spectrum(epoch).in_nats().mean for n in ranked}
    final = {n: min(result.candidates[n].curve.valid_score, key=result.score.signed) for n in ranked}
    pairs = torch.tensor([apart(points[a], points[b]) for i, a in enumerate(ranked) for b in ranked[:i]])
    kept = -(-len(ranked) // 2)
    plain = ranked[:kept]
    best = min(final.values(), key=result.score.signed)
    print(f"{len(ranked)} candidates ranked by {config.search.told} after {epoch} epochs, {kept} go on")
    print(f"rms of a pair: least {pairs.min():.3f}, median {pairs.median():.3f}, most {pairs.max():.3f} nats")
    print(f"dense {result.dense.final.valid_score:.2f}, best candidate {best:.2f} at the end")
    heads = ("radius", "twins", "of these promoted", "others instead", "best final", "mean final")
    print("".join(f"{head:>19}" for head in heads))
    for share in SHARES:
        radius = float(pairs.quantile(share)) if share else 0.0
        same = twins(points, radius, generator(config.seed, "near duplicates", epoch)) if share else {}
        onward = [n for n in ranked if n not in same][:kept]
        scores = [final[n] for n in onward]
        cells = (
            f"{radius:.3f}",
            f"{len(same)}",
            f"{len(set(same) & set(plain))}",
            f"{len(set(onward) - set(plain))}",
            f"{min(scores, key=result.score.signed):.2f}",
            f"{statistics.mean(scores):.2f}",
        )
        print("".join(f"{cell:>19}" for cell in cells))


def cost() -> None:
    """Hashing and all pairs, on spectra a tenth of which have a twin."""
    print(f"\n{'pool':>6}{'hashed (s)':>14}{'all pairs (s)':>16}{'found':>8}{'there':>8}")
    for pool in POOLS:
        points = _made_up(pool)
        began = time.process_time()
        found = twins(points, 0.01, generator(0, "benchmark"))
        hashed = time.process_time() - began
        began = time.process_time()
        there = _all_pairs(points, 0.01)
        print(f"{pool:>6}{hashed:>14.2f}{time.process_time() - began:>16.2f}{len(found):>8}{there:>8}")


def _made_up(pool: int) -> dict[int, Tensor]:
    random = torch.Generator().manual_seed(pool)
    points = torch.randn(pool, EXPONENTS, dtype=torch.float64, generator=random) * 0.2 - 2
    twin = range(pool - pool // 10, pool)
    for number in twin:
        noise = torch.randn(EXPONENTS, dtype=torch.float64, generator=random)
        points[number] = points[number - pool // 2] + 0.009 * noise
    return dict(enumerate(points))


def _all_pairs(points: dict[int, Tensor], radius: float) -> int:
    stacked = torch.stack(list(points.values()))
    return sum(
        bool(((stacked[:place] - stacked[place]).square().mean(dim=1) <= radius**2).any())
        for place in range(1, len(stacked))
    )


def main() -> int:
    """Both tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("run", nargs="?", type=Path, help="run folder of a search with plan = full")
    given = parser.parse_args()
    torch.set_num_threads(1)
    if given.run is not None:
        effect(RunFolder(given.run.expanduser().resolve()))
    cost()
    return 0


if __name__ == "__main__":
    sys.exit(main())
