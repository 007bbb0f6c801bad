"""What sparse training costs beside dense training, and how far both are from what the machine could do.

    python benchmarks/sparse_step.py

2 x 650 LSTM, vocabulary 10,000, batch 20, bptt 35, SGD with clip 0.25. Medians of pairs that alternate in one
run.
"""

import argparse
import os
import statistics
import sys
from collections.abc import Iterator

import torch
from torch import Tensor, nn

from hyperprune.optim import AveragedSGD, build
from hyperprune.sparsity import DEATH, GROWTH, REDISTRIBUTION, SparseTraining
from timing import alternate, seconds

VOCABULARY, BATCH, BPTT, CLIP = 10_000, 20, 35, 0.25
PTB_TOKENS = 929_589


class Network(nn.Module):
    """The medium LSTM language model of Penn Treebank."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.encoder = nn.Embedding(VOCABULARY, size)
        self.rnn = nn.LSTM(size, size, 2)
        self.decoder = nn.Linear(size, VOCABULARY)

    def forward(self, tokens: Tensor) -> Tensor:
        """Logits ``(time, batch, vocabulary)``."""
        output: Tensor = self.decoder(self.rnn(self.encoder(tokens))[0])
        return output


def training_step(model: nn.Module, optimizer: torch.optim.Optimizer, sparse: SparseTraining | None) -> None:
    """Forward, backward, clip, step."""
    tokens = torch.randint(VOCABULARY, (BPTT + 1, BATCH))
    optimizer.zero_grad()
    nn.functional.cross_entropy(model(tokens[:-1]).flatten(0, 1), tokens[1:].flatten()).backward()
    if sparse is None:
        nn.utils.clip_grad_norm_(model.parameters(), CLIP)
        optimizer.step()
    else:
        sparse.clip_grad_norm_(CLIP)
        sparse.step()


def sparse_of(model: nn.Module, optimizer: torch.optim.Optimizer, **rules: str) -> SparseTraining:
    """Density 0.33, updated by hand."""
    return SparseTraining(model, optimizer, density=0.33, update_interval=10**9, **rules)


def averaging(name: str, model: nn.Module) -> AveragedSGD:
    """An averaging optimiser after its switch."""
    optimizer = build(name, model, lr=1.0)
    assert isinstance(optimizer, AveragedSGD)
    for loss in (1.0,) * 6 + (2.0,):
        optimizer.observe(loss)
    return optimizer


def compare_steps(size: int, pairs: int) -> Iterator[tuple[str, float, float, float, float]]:
    """Rows of name, dense seconds, sparse seconds, ratio, allowed ratio."""
    dense, masked = Network(size), Network(size)
    dense_sgd, sparse_sgd = build("sgd", dense, lr=1.0), build("sgd", masked, lr=1.0)
    sparse = sparse_of(masked, sparse_sgd)
    result = alternate(
        lambda: training_step(dense, dense_sgd, None),
        lambda: training_step(masked, sparse_sgd, sparse),
        pairs,
    )
    yield ("sparse SGD : dense SGD", *result, 1.10)
    for peer_name in ("nt-asgd", "torch ASGD"):
        dense, masked = Network(size), Network(size)
        peer: torch.optim.Optimizer = torch.optim.ASGD(dense.parameters(), lr=1.0, lambd=0, t0=0)
        if peer_name == "nt-asgd":
            peer = averaging("nt-asgd", dense)
        snt = averaging("snt-asgd", masked)
        sparse = sparse_of(masked, snt)
        training_step(masked, snt, sparse)
        sparse.update_topology()  # from here on every weight has a count of its own
        result = alternate(
            lambda d=dense, p=peer: training_step(d, p, None),
            lambda m=masked, s=snt, t=sparse: training_step(m, s, t),
            pairs,
        )
        yield (f"SNT-ASGD : dense {peer_name}", *result, 1.15)


def update_times(size: int, repeats: int) -> Iterator[tuple[str, float]]:
    """Rows of rules and the median seconds of one topology update."""
    combinations = [(death, "random", "none") for death in DEATH]
    combinations += [("magnitude", growth, "none") for growth in GROWTH if growth != "random"]
    combinations += [("magnitude", "random", rule) for rule in REDISTRIBUTION if rule != "none"]
    for death, growth, redistribution in combinations:
        model = Network(size)
        optimizer = build("sgd", model, lr=1.0, momentum=0.9)
        sparse = sparse_of(model, optimizer, death=death, growth=growth, redistribution=redistribution)
        training_step(model, optimizer, sparse)
        times = [seconds(sparse.update_topology) for _ in range(repeats)]
        yield f"{death}, {growth}, {redistribution}", statistics.median(times)


def selection_times(size: int) -> list[tuple[str, float]]:
    """Three ways to find the k-th of a decoder's live magnitudes: why :func:`keep_highest` selects."""
    values = torch.rand(VOCABULARY * size // 3)
    k = values.numel() // 2
    ways = {
        "torch.kthvalue (ours)": lambda: torch.kthvalue(values, k),
        "torch.topk": lambda: torch.topk(values, k, sorted=False),
        "torch.sort": lambda: torch.sort(values),
    }
    return [(name, statistics.median(seconds(way) for _ in range(5))) for name, way in ways.items()]


def machine(size: int) -> tuple[float, float, float, float]:
    """Measured bytes/s of an in-place multiplication and flop/s of a product; bytes and flops of a step."""
    weights = sum(p.numel() for p in Network(size).parameters() if p.dim() > 1)
    x, y = torch.rand(weights), torch.rand(weights)
    rate = 12 * weights / statistics.median(seconds(lambda: x.mul_(y)) for _ in range(7))
    a, b = torch.rand(700, size), torch.rand(size, VOCABULARY)
    speed = 2 * 700 * size * VOCABULARY / statistics.median(seconds(lambda: a @ b) for _ in range(7))
    multiplied = weights - VOCABULARY * size  # the embedding is a look-up
    return rate, speed, 12.0 * weights, 3 * 2.0 * multiplied * BATCH * BPTT


def main() -> int:
    """Print the table; exit status 1 if a ratio is above its bound."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pairs", type=int, default=30)
    parser.add_argument("--size", type=int, default=650, help="units of a layer")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    torch.manual_seed(0)
    torch.set_num_threads(options.threads)
    print(
        f"torch {torch.__version__}, {options.threads} threads, 2 x {options.size}, {options.pairs} pairs\n"
    )

    rows = []
    print(f"{'step':<32}{'peer ms':>9}{'ours ms':>9}{'ratio':>8}{'bound':>8}")
    for name, peer, ours, ratio, bound in compare_steps(options.size, options.pairs):
        rows.append((peer, ours, ratio, bound))
        print(f"{name:<32}{peer * 1e3:>9.1f}{ours * 1e3:>9.1f}{ratio:>8.3f}{bound:>8.2f}", flush=True)

    rate, speed, moved, flops = machine(options.size)
    print(
        f"\nfloor of a dense step: {flops / 1e9:.1f} GFLOP at {speed / 1e9:.0f} GFLOP/s = "
        f"{flops / speed * 1e3:.1f} ms"
    )
    print(
        f"floor of masking: {moved / 1e6:.0f} MB (weight and mask read, weight written) at {rate / 1e9:.1f} "
        f"GB/s = {moved / rate * 1e3:.1f} ms; sparse - dense = {(rows[0][1] - rows[0][0]) * 1e3:.1f} ms"
    )

    steps = PTB_TOKENS // (BATCH * BPTT)
    epoch = steps * rows[0][0]
    longest = 0.0
    print(f"\n{'update (death, growth, redistribution)':<44}{'ms':>8}{'1 an epoch':>12}{'every 100':>12}")
    for name, one in update_times(options.size, 3):
        longest = max(longest, one)
        shares = [f"{100 * count * one / epoch:.3f} %" for count in (1, steps // 100)]
        print(f"{name:<44}{one * 1e3:>8.0f}{shares[0]:>12}{shares[1]:>12}", flush=True)
    print(f"PTB epoch of {steps} dense steps: {epoch:.0f} s; the bound for all updates of an epoch is 1 %")

    print("\nthe k-th of the decoder's live magnitudes")
    for name, one in selection_times(options.size):
        print(f"{name:<32}{one * 1e3:>9.1f} ms")

    kept = all(ratio <= bound for *_, ratio, bound in rows) and longest <= 0.01 * epoch
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
