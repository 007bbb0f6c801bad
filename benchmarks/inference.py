"""A token of a recurrent layer: our kernels, torch, onnxruntime, and the time to read the weights once.

    python benchmarks/inference.py [--hidden 200 650 1500] [--density 0.33 0.10 0.05] [--rounds 15]

One layer, inputs = units, batch 1, one thread, one step a call, microseconds; medians of rounds in which all
take turns. The masks are random blocks of the layout that is measured. The floor is the time that torch takes
to add up as many bytes as the 16x1 float32 matrices have: what the machine needs to read them once. Below the
table stand the demands, each from the same run. The last table compares the kernels with intrinsics with the
portable ones.
"""

import argparse
import os
import platform
import statistics
import tempfile
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor

from hyperprune.export.onnx_graph import write_step
from hyperprune.export.onnx_run import OnnxSession, quantise, zeros
from hyperprune.inference import GATES, Layer, Matrix, PlainNetwork
from hyperprune.inference.by_hand import ByHand
from hyperprune.inference.kernels import Engine, Kernels
from hyperprune.inference.layouts import BLOCKS_8X4, BLOCKS_16X1, DENSE, SINGLE, Layout
from hyperprune.inference.pack import pack
from timing import seconds

Action = Callable[[], object]
STEPS = 16  # of a sequence, where a whole one is run a call
COLUMNS = (
    "floor",
    "16x1",
    "16x1, a sequence a call",
    "16x1 int8",
    "8x4",
    "8x4 int8",
    "1x1",
    "1x1 int8",
    "dense",
    "dense int8",
    "torch by hand",
    "onnxruntime",
    "onnxruntime int8",
)
# (units, density, column, at most so many times, of column): what the kernels were built for
DEMANDS = (
    *((1500, density, "16x1, a sequence a call", 3.0, "floor") for density in (0.33, 0.10, 0.05)),
    (1500, 0.10, "16x1 int8", 1 / 5, "onnxruntime int8"),
    (650, 0.10, "16x1 int8", 1 / 1.5, "onnxruntime int8"),
)


def masked(kind: str, units: int, density: float, block: tuple[int, int], seed: int) -> PlainNetwork:
    """A layer with random weights and random live blocks within its gates."""
    generator, gates = torch.Generator().manual_seed(seed), len(GATES[kind])
    tall, broad = block

    def matrix() -> Matrix:
        live = torch.rand(gates, -(-units // tall), -(-units // broad), generator=generator) < density
        wide = live.repeat_interleave(tall, 1).repeat_interleave(broad, 2)[:, :units, :units]
        weight = torch.randn(gates * units, units, generator=generator) * units**-0.5
        return Matrix.of(weight, wide.reshape(gates * units, units), gates)

    bias = torch.zeros(gates * units)
    return PlainNetwork(kind, (Layer(matrix(), matrix(), bias, bias),))


def stepping(engine: Engine, network: PlainNetwork, inputs: Tensor) -> Action:
    """One call of an engine; the state goes on."""
    state = torch.zeros(sum(network.units) * (2 if network.kind == "lstm" else 1))
    return lambda: engine.run(inputs, state)


def onnx_step(path: Path, network: PlainNetwork, x: Tensor) -> Action:
    """One step in onnxruntime."""
    session, states, given = OnnxSession(path), zeros(network, 1), x.numpy()
    return lambda: session(given, states)


def actions(kind: str, units: int, density: float, place: Path) -> dict[str, tuple[Action, int]]:
    """What is measured, and the steps of a call, by column."""
    x = torch.randn(1, 1, units)
    sequence = torch.randn(STEPS, 1, units)
    found: dict[str, tuple[Action, int]] = {}

    def ours(name: str, network: PlainNetwork, layout: Layout, *, int8: bool = False) -> None:
        kernels = Kernels(pack(network, int8=int8, layout=layout).data)
        found[name] = (stepping(kernels, network, x), 1)
        if name == "16x1":
            found["16x1, a sequence a call"] = (stepping(kernels, network, sequence), STEPS)

    for layout in (BLOCKS_16X1, BLOCKS_8X4, SINGLE):
        assert layout.block is not None
        network = masked(kind, units, density, layout.block, 0)
        ours(layout.name, network, layout)
        ours(f"{layout.name} int8", network, layout, int8=True)
        if layout is BLOCKS_16X1:
            read = torch.ones(
                pack(network, layout=layout).choices["layer 0 input"].bytes // 2
            )  # of two, in float32
            found["floor"] = (read.sum, 1)
    ours("dense", network, DENSE)
    ours("dense int8", network, DENSE, int8=True)
    found["torch by hand"] = (stepping(ByHand(network, ""), network, x), 1)
    full, small = place / f"{kind}-{units}.onnx", place / f"{kind}-{units}-int8.onnx"
    if not full.exists():
        write_step(network, full)
        quantise(full, small)
    found["onnxruntime"] = (onnx_step(full, network, x[0]), 1)
    found["onnxruntime int8"] = (onnx_step(small, network, x[0]), 1)
    return found


def medians(measured: dict[str, tuple[Action, int]], rounds: int) -> dict[str, list[float]]:
    """Microseconds a step of every round, by column; who goes first alternates."""
    times: dict[str, list[float]] = {name: [] for name in measured}
    repeats = {}
    for name, (action, steps) in measured.items():
        action()
        repeats[name] = max(1, min(200, int(2e-3 / max(seconds(action), 1e-7))))  # 2 ms a measurement
        assert steps > 0
    for number in range(rounds):
        for name in list(measured) if number % 2 == 0 else reversed(list(measured)):
            action, steps = measured[name]

            def several(action: Action = action, count: int = repeats[name]) -> None:
                for _ in range(count):
                    action()

            times[name].append(1e6 * seconds(several) / repeats[name] / steps)
    return times


def compare_variants(units: int, density: float, rounds: int) -> list[str]:
    """Kernels with intrinsics beside the portable ones, a row a layout and type."""
    lines = []
    for layout in (BLOCKS_16X1, BLOCKS_8X4, DENSE):
        network = masked("lstm", units, density, layout.block or (1, 1), 0)
        inputs = torch.randn(STEPS, 1, units)
        for int8 in (False, True):
            data = pack(network, int8=int8, layout=layout).data
            times = medians(
                {
                    "portable": (stepping(Kernels(data, flags=("-DHP_PORTABLE",)), network, inputs), STEPS),
                    "intrinsics": (stepping(Kernels(data), network, inputs), STEPS),
                },
                rounds,
            )
            won = statistics.median(
                portable / own for portable, own in zip(times["portable"], times["intrinsics"], strict=True)
            )
            name = f"{layout.name}{' int8' if int8 else ''}"
            both = (f"{statistics.median(times[which]):,.1f}" for which in ("portable", "intrinsics"))
            lines.append(f"| {name} | {' | '.join(both)} | {won:.2f} |")
    return lines


def verdicts(ratios: dict[tuple[str, int, float], dict[str, list[float]]]) -> list[str]:
    """Each demand that was measured, met or not; and where dense int8 is faster than the blocks."""
    lines = []
    for (kind, units, density), times in ratios.items():

        def ratio(one: str, other: str, times: dict[str, list[float]] = times) -> float:
            return statistics.median(a / b for a, b in zip(times[one], times[other], strict=True))

        where = f"{kind} {units}, density {density:g}"
        for size, share, column, most, of in DEMANDS:
            if (size, share) == (units, density):
                found = ratio(column, of)
                met = "met" if found <= most else "NOT MET"
                lines.append(f"{where}: {column} takes {found:.2f} of {of}, at most {most:.2f}: {met}")
        for column in ("16x1 int8", "8x4 int8", "1x1 int8"):
            for dense in ("dense int8", "onnxruntime int8"):
                if ratio(column, dense) > 1:
                    lines.append(
                        f"{where}: {dense} is faster than {column} ({ratio(column, dense):.2f} times)"
                    )
    return lines


def processor() -> str:
    """Its name, where the system says it."""
    path = Path("/proc/cpuinfo")
    lines = path.read_text().splitlines() if path.exists() else []
    return next(
        (line.partition(": ")[2] for line in lines if line.startswith("model name")), platform.machine()
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--hidden", type=int, nargs="+", default=[200, 650, 1500])
    parser.add_argument("--density", type=float, nargs="+", default=[0.33, 0.10, 0.05])
    parser.add_argument("--kinds", nargs="+", choices=["lstm", "gru"], default=["lstm", "gru"])
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()
    torch.set_num_threads(1)
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    print(f"{processor()}, one thread; load {load:.1f} when it began; torch {torch.__version__}\n")
    print(f"| layer | density | {' | '.join(COLUMNS)} |")
    print("|" + " --- |" * (2 + len(COLUMNS)))
    ratios = {}
    with tempfile.TemporaryDirectory() as place:
        for kind in options.kinds:
            for units in options.hidden:
                for density in options.density:
                    times = medians(actions(kind, units, density, Path(place)), options.rounds)
                    ratios[kind, units, density] = times
                    shown = (f"{statistics.median(times[name]):,.1f}" for name in COLUMNS)
                    print(f"| {kind} {units} | {density:g} | {' | '.join(shown)} |", flush=True)
    print("\n" + "\n".join(verdicts(ratios)) + "\n")
    units, density = max(options.hidden), options.density[0]
    print(f"| lstm {units}, density {density:g} | portable | intrinsics | times as fast |")
    print("| --- | --- | --- | --- |")
    print("\n".join(compare_variants(units, density, options.rounds)))


if __name__ == "__main__":
    main()
