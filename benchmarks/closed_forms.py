"""Spectra of RHN and ON-LSTM layers by their closed-form Jacobians beside automatic ones.

    python benchmarks/closed_forms.py [--threads 1] [--pairs 3] [--clock wall]

One layer, batch 2, float32, hidden state, forward; milliseconds a step of both sequences, once with all
exponents and once with k = H / 10. Both ways take turns in one run; the ratio is the median over the pairs.
The floor is the flops of the recursion at the rate of a product of two H x H matrices in the same run: the
Jacobian of an RHN is a chain of ``depth`` factors, so it takes depth - 1 products of H x H matrices (all) or
depth products with k columns. The first step begins at Q = I, which saves a product that the floor counts.
"""

import argparse
import itertools
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import nn

from hyperprune import lyapunov
from hyperprune.models.layers.highway import RecurrentHighway
from hyperprune.models.layers.ordered import OrderedLSTM
from timing import CLOCKS, Clock, alternate, seconds

BATCH = 2


@dataclass(frozen=True)
class Line:
    """A layer of the table: its name, its units, the factors of its Jacobian, and how it is made."""

    name: str
    size: int
    factors: int
    make: Callable[[], nn.Module]
    steps: int


LINES = (
    Line("RHN, depth 4", 160, 4, lambda: RecurrentHighway(160, 160, 4), 20),
    Line("RHN, depth 10", 830, 10, lambda: RecurrentHighway(830, 830, 10), 4),
    Line("ON-LSTM, chunks of 10", 160, 1, lambda: OrderedLSTM(160, 160, chunk=10), 20),
    Line("ON-LSTM, chunks of 10", 1150, 1, lambda: OrderedLSTM(400, 1150, chunk=10), 4),
)


def flops(line: Line, k: int) -> float:
    """Of a step of both sequences."""
    n = line.size
    if k == n:
        return BATCH * ((line.factors - 1) * 2 + 2 + 4 / 3) * n**3
    return BATCH * (line.factors * 2 * n**2 * k + 2 * (2 * n * k**2 - 2 / 3 * k**3))


def rate(size: int, clock: Clock) -> float:
    """Floating-point operations a second of a product of two ``size x size`` matrices."""
    a, b, out = torch.randn(size, size), torch.randn(size, size), torch.empty(size, size)
    return 2 * size**3 / min(seconds(lambda: torch.mm(a, b, out=out), clock) for _ in range(10))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--clock", choices=sorted(CLOCKS), default="wall")
    options = parser.parse_args()
    torch.manual_seed(0)
    torch.set_num_threads(options.threads)
    clock = CLOCKS[options.clock]
    print(f"torch {torch.__version__}, {options.threads} threads, {options.clock} time\n")
    print("| layer | H | k | closed ms | automatic ms | automatic / closed | floor ms | closed / floor |")
    print("| --- " * 8 + "|")
    for line, few in itertools.product(LINES, (False, True)):
        layer, k = line.make(), line.size // 10 if few else line.size
        inputs = torch.randn(line.steps, BATCH, layer.features)

        def run(jacobian: str, layer: nn.Module = layer, inputs: torch.Tensor = inputs, k: int = k) -> None:
            lyapunov.spectrum(layer, inputs, state="hidden", k=k, jacobian=jacobian)

        closed, automatic, ratio = alternate(
            lambda run=run: run("closed"), lambda run=run: run("automatic"), options.pairs, clock
        )
        floor = flops(line, k) / rate(line.size, clock)
        print(
            f"| {line.name} | {line.size} | {k if few else 'all'} | {closed / line.steps * 1e3:.1f} "
            f"| {automatic / line.steps * 1e3:.1f} | {ratio:.1f} | {floor * 1e3:.1f} "
            f"| {closed / line.steps / floor:.2f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
