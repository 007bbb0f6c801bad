"""Seconds, floor, peer and peak memory of the Lyapunov engine for stacked LSTMs on this machine.

    python benchmarks/lyapunov.py [--sizes 200 650 1500] [--threads 2] [--repeat 3]
    flock FILE python benchmarks/lyapunov.py ...      where other work shares the machine

A 2-layer LSTM, batch 2, 35 counted steps, float32, hidden state, forward: once with all exponents and
once with k = H / 10 in each layer. Every run is a fresh process; it also times a matrix product of the
layer's size before and after the engine, and the better rate makes the floor:

    floor = flops of the algorithm used / rate

with 2 H^3 + 4/3 H^3 a step, layer and sequence where Q stays as reflectors (full), and
2 H^2 k + 2 (2 H k^2 - 2/3 k^3) where Q is formed (k). The peer is what one would write first: diagonal
matrices, the Jacobian of the whole state, `torch.linalg.qr`; its seconds are measured on fewer steps
and scaled where it would take minutes (--peer-steps).
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn

from hyperprune import lyapunov

LAYERS, BATCH, STEPS = 2, 2, 35
CLOCKS = {"wall": time.perf_counter, "cpu": time.process_time}
clock = "wall"


def seconds(action: Callable[[], object], repeat: int) -> float:
    """The least of ``repeat`` times."""
    times = []
    for _ in range(repeat):
        start = CLOCKS[clock]()
        action()
        times.append(CLOCKS[clock]() - start)
    return min(times)


def product_rate(size: int) -> float:
    """Floating-point operations a second of a float32 product of two ``size x size`` matrices."""
    a, b, out = torch.randn(size, size), torch.randn(size, size), torch.empty(size, size)
    torch.mm(a, b, out=out)
    return 2 * size**3 / seconds(lambda: torch.mm(a, b, out=out), 10)


def flops(size: int, k: int | None) -> float:
    """Of the recursion, both layers and all sequences and steps."""
    if k is None:
        each = (2 + 4 / 3) * size**3
    else:
        each = 2 * size**2 * k + 2 * (2 * size * k**2 - 2 / 3 * k**3)
    return each * LAYERS * BATCH * STEPS


def peak_mebibytes(field: str = "VmHWM") -> float:
    """A line of /proc/self/status in MiB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(field)) / 1024


def run_engine(size: int, k: int | None, repeat: int) -> dict[str, float]:
    """One measurement in this process: seconds, rate and the rise of peak memory over the first call."""
    torch.manual_seed(0)
    module, inputs = nn.LSTM(size, size, LAYERS), torch.randn(STEPS, BATCH, size)
    with torch.no_grad():
        module(inputs)  # thread pools and libraries are up before memory is measured
    rate = product_rate(size)
    before = peak_mebibytes("VmRSS")
    first = seconds(lambda: lyapunov.spectrum(module, inputs, state="hidden", k=k), 1)
    rise = peak_mebibytes() - before
    best = (
        min(first, seconds(lambda: lyapunov.spectrum(module, inputs, state="hidden", k=k), repeat - 1))
        if repeat > 1
        else first
    )
    return {"seconds": best, "rate": max(rate, product_rate(size)), "rise": rise}


def gate_jacobian(
    module: nn.LSTM, layer: int, x: Tensor, h: Tensor, c: Tensor
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Jacobians by h and by x of one layer with diagonal matrices, and the new h and c: the peer's way."""
    w, u = getattr(module, f"weight_ih_l{layer}"), getattr(module, f"weight_hh_l{layer}")
    bias = getattr(module, f"bias_ih_l{layer}") + getattr(module, f"bias_hh_l{layer}")
    i, f, g, o = (x @ w.mT + h @ u.mT + bias).chunk(4, dim=1)
    i, f, g, o = i.sigmoid(), f.sigmoid(), g.tanh(), o.sigmoid()
    new_c = f * c + i * g
    squashed = new_c.tanh()
    scales = [g * i * (1 - i), c * f * (1 - f), i * (1 - g * g)]

    def along(weights: Tensor) -> Tensor:
        parts = weights.chunk(4)
        inner = sum(torch.diag_embed(s) @ part for s, part in zip(scales, parts[:3], strict=True))
        return (
            torch.diag_embed(o * (1 - squashed**2)) @ inner
            + torch.diag_embed(squashed * o * (1 - o)) @ parts[3]
        )

    return along(u), along(w), o * squashed, new_c


@torch.no_grad()
def peer(module: nn.LSTM, inputs: Tensor) -> Tensor:
    """Mean logarithms of the whole state, layer-major with the top layer first."""
    size, batch = module.hidden_size, inputs.shape[1]
    n = LAYERS * size
    h = [torch.zeros(batch, size) for _ in range(LAYERS)]
    c = [torch.zeros(batch, size) for _ in range(LAYERS)]
    q, total = torch.eye(n).expand(batch, n, n), torch.zeros(batch, n)
    for x in inputs:
        jacobian, below = torch.zeros(batch, n, n), None
        for layer in range(LAYERS):
            by_h, by_x, x, c[layer] = gate_jacobian(module, layer, x, h[layer], c[layer])
            h[layer] = x
            row = slice((LAYERS - 1 - layer) * size, (LAYERS - layer) * size)
            jacobian[:, row, row] = by_h
            if below is not None:
                jacobian[:, row, row.stop :] = by_x @ below
            below = jacobian[:, row, row.start :]
        q, r = torch.linalg.qr(jacobian @ q)
        total += r.diagonal(dim1=-2, dim2=-1).abs().log()
    return total / len(inputs)


def run_peer(size: int, steps: int) -> dict[str, float]:
    """The peer's seconds for all steps, after a check that it computes the same."""
    torch.manual_seed(0)
    module, inputs = nn.LSTM(size, size, LAYERS), torch.randn(STEPS, BATCH, size)
    steps = min(steps, STEPS)
    peer(module, inputs[:1])
    taken = seconds(lambda: peer(module, inputs[:steps]), 1) * STEPS / steps
    found = lyapunov.spectrum(module, inputs[:steps], state="hidden").exponents
    ours = found.unflatten(1, (LAYERS, size)).flip(1).flatten(1)
    difference = float((ours - peer(module, inputs[:steps])).abs().median())
    # both in float32, where a typical exponent carries 1e-5
    assert difference < 1e-3, f"peer and engine disagree by {difference}"
    return {"seconds": taken}


def child(arguments: list[str]) -> dict[str, float]:
    """Run this file with ``arguments`` in a fresh process and read its JSON."""
    done = subprocess.run([sys.executable, __file__, *arguments], check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


def table(options: argparse.Namespace) -> None:
    """Measure and print."""
    print(
        f"2-layer LSTM, batch {BATCH}, {STEPS} steps, float32, {options.threads} threads, {clock} time, "
        f"torch {torch.__version__}\n"
    )
    heads = "H | k | seconds | floor | times floor | GFLOP/s of a product | peer | rise of peak RSS | allowed"
    print(f"| {heads} | full / k |")
    print("| --- " * 10 + "|")
    common = ["--threads", str(options.threads), "--repeat", str(options.repeat), "--clock", options.clock]
    for size in options.sizes:
        full = None
        for k in (None, size // 10):
            found = child([*common, "--engine", str(size), str(k or 0)])
            floor = flops(size, k) / found["rate"]
            slow = "-"
            if k is None:
                steps = STEPS if size <= options.peer_up_to else options.peer_steps
                slow = f"{child([*common, '--peer', str(size), str(steps)])['seconds']:.2f}"
                full = found["seconds"]
            allowed = 8 * size**2 * 4 * BATCH * LAYERS / 2**20 + 64
            ratio = "" if k is None or full is None else f"{full / found['seconds']:.1f}"
            cells = [
                str(size),
                str(k or "all"),
                f"{found['seconds']:.3f}",
                f"{floor:.3f}",
                f"{found['seconds'] / floor:.2f}",
                f"{found['rate'] / 1e9:.0f}",
                slow,
                f"{found['rise']:.0f} MiB",
                f"{allowed:.0f} MiB",
                ratio,
            ]
            print("| " + " | ".join(cells) + " |", flush=True)


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", type=int, nargs="+", default=[200, 650, 1500])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument(
        "--clock",
        choices=sorted(CLOCKS),
        default="wall",
        help="cpu, with one thread, where others use the machine",
    )
    parser.add_argument("--peer-up-to", type=int, default=200, help="largest H whose peer runs all steps")
    parser.add_argument(
        "--peer-steps", type=int, default=3, help="steps of the peer above that, scaled to all"
    )
    parser.add_argument("--engine", type=int, nargs=2, metavar=("H", "K"), help=argparse.SUPPRESS)
    parser.add_argument("--peer", type=int, nargs=2, metavar=("H", "STEPS"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    global clock
    clock = options.clock
    torch.set_num_threads(options.threads)
    if options.engine:
        size, k = options.engine
        print(json.dumps(run_engine(size, k or None, options.repeat)))
    elif options.peer:
        print(json.dumps(run_peer(*options.peer)))
    else:
        table(options)


if __name__ == "__main__":
    main()
