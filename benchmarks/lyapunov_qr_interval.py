"""What a QR only every few steps costs in accuracy: the table of docs/lyapunov.md.

    python benchmarks/lyapunov_qr_interval.py

The largest error over sequences of the largest, the median and the smallest exponent of layer 1,
against float64 with a QR at every step: a random 2-layer LSTM, H = 64, weights twice torch's initial
ones, 10 warm-up and 200 counted steps, 4 sequences, forward. Seconds are those of the call, on one
thread.
"""

import time

import torch
from torch import Tensor, nn

from hyperprune import lyapunov

SIZE, SEQUENCES, WARMUP, STEPS = 64, 4, 10, 200


def layer_one(spectrum: lyapunov.Spectrum) -> Tensor:
    """Exponents of layer 1, sorted, ``(sequences, H)``."""
    return spectrum.exponents[:, spectrum.layer == 1].sort(dim=1, descending=True).values


def main() -> None:
    """Measure and print."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    module = nn.LSTM(16, SIZE, 2).double()
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.mul_(2.0)
    inputs = torch.randn(WARMUP + STEPS, SEQUENCES, 16).double()
    exact = layer_one(lyapunov.spectrum(module, inputs, state="hidden", warmup=WARMUP))
    print("| type | QR every | largest | median | smallest | seconds |")
    print("| --- | --- | --- | --- | --- | --- |")
    for dtype in (torch.float64, torch.float32):
        for every in (1, 2, 5, 10, 20):
            start = time.perf_counter()
            found = lyapunov.spectrum(
                module,
                inputs,
                state="hidden",
                warmup=WARMUP,
                qr_interval=every,
                dtype=dtype,
                floor=None,
            )
            taken = time.perf_counter() - start
            errors = (layer_one(found) - exact).abs().amax(dim=0)
            cells = " | ".join(f"{float(errors[index]):.0e}" for index in (0, SIZE // 2, SIZE - 1))
            print(f"| {str(dtype).removeprefix('torch.')} | {every} | {cells} | {taken:.2f} |")


if __name__ == "__main__":
    main()
