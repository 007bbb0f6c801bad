"""How many steps are enough: the figure and the table of docs/lyapunov.md.

    python benchmarks/lyapunov_convergence.py [--out docs/figures/lyapunov_convergence.png]

A random 2-layer LSTM (H = 64, weights twice torch's initial ones, so that exponents spread), random
inputs, float64. The error of an estimate from T counted steps is the root mean square over exponents
of its difference from the mean estimate of 4,000 steps; each line of the table averages over 8
sequences taken one by one, so the numbers are those of a single sequence.
"""

import argparse
import math
from pathlib import Path

import torch
from matplotlib.figure import Figure
from torch import Tensor, nn

from hyperprune import lyapunov

SIZE, SEQUENCES, LONG = 64, 8, 4000
STEPS = (10, 35, 100, 350, 1000)
WARMUPS = (0, 10, 100)


def network() -> nn.LSTM:
    """The network of the figure."""
    torch.manual_seed(0)
    module = nn.LSTM(16, SIZE, 2).double()
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.mul_(2.0)
    return module


def running(module: nn.LSTM, inputs: Tensor, warmup: int, direction: str) -> Tensor:
    """Running estimates (steps, sequences, exponents) in nats a step."""
    spectrum = lyapunov.spectrum(
        module, inputs, state="hidden", warmup=warmup, steps=STEPS[-1], direction=direction, running=True
    )
    assert spectrum.running is not None
    return spectrum.running


def error(estimate: Tensor, long: Tensor) -> float:
    """Root mean square over exponents, averaged over sequences."""
    return float((estimate - long).square().mean(dim=-1).sqrt().mean())


def main() -> None:
    """Compute, print the table, draw the figure."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, default=Path("docs/figures/lyapunov_convergence.png"))
    options = parser.parse_args()
    torch.set_num_threads(1)
    module, inputs = network(), torch.randn(LONG + 100, SEQUENCES, 16).double()
    long = {
        d: lyapunov.spectrum(module, inputs, state="hidden", warmup=100, direction=d).mean
        for d in lyapunov.DIRECTIONS
    }
    estimates = {w: running(module, inputs, w, "forward") for w in WARMUPS}
    print("| counted steps | " + " | ".join(f"warm-up {w}" for w in WARMUPS) + " | adjoint, warm-up 10 |")
    print("| --- |" + " --- |" * (len(WARMUPS) + 1))
    adjoint = running(module, inputs, 10, "adjoint")
    for steps in STEPS:
        cells = [error(estimates[w][steps - 1], long["forward"]) for w in WARMUPS]
        cells.append(error(adjoint[steps - 1], long["adjoint"]))
        print(f"| {steps} | " + " | ".join(f"{cell:.3f}" for cell in cells) + " |")
    apart = (long["forward"] - long["adjoint"]).square().mean().sqrt()
    print(f"\nforward and adjoint after {LONG} steps differ by {float(apart):.3f} (root mean square)")
    draw(estimates, long["forward"], options.out)


def draw(estimates: dict[int, Tensor], long: Tensor, path: Path) -> None:
    """Left: running estimates of one sequence. Right: error against steps for each warm-up."""
    figure = Figure(figsize=(9.0, 3.8), layout="constrained", dpi=110)
    left, right = figure.subplots(1, 2)
    steps = torch.arange(1, STEPS[-1] + 1)
    for column in (0, 8, 24, 40, 56, 63):
        (line,) = left.plot(steps, estimates[10][:, 0, column], linewidth=1.2, label=f"{column + 1}")
        left.axhline(float(long[column]), color=line.get_color(), linewidth=0.6, linestyle=":")
    left.set_xscale("log")
    left.set_xlabel("counted steps")
    left.set_ylabel("running estimate (nats/step)")
    left.set_title("layer 1, one sequence, warm-up 10", fontsize="medium")
    left.legend(title="exponent", fontsize="small", ncols=2)
    for warmup, values in estimates.items():
        errors = (values - long).square().mean(dim=2).sqrt().mean(dim=1)
        right.plot(steps, errors, linewidth=1.4, label=f"warm-up {warmup}")
    start = float((estimates[100] - long).square().mean(dim=2).sqrt().mean(dim=1)[9]) * math.sqrt(10)
    right.plot(
        steps, start / steps.sqrt(), color="grey", linewidth=0.8, linestyle="--", label="1 / sqrt(steps)"
    )
    right.axvline(35, color="grey", linewidth=0.6, linestyle=":")
    right.set_xscale("log")
    right.set_yscale("log")
    right.set_xlabel("counted steps")
    right.set_ylabel("root mean square error (nats/step)")
    right.set_title("error against the 4,000-step estimate", fontsize="medium")
    right.legend(fontsize="small")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)


if __name__ == "__main__":
    main()
