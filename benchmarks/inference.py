"""A token of a recurrent layer: our kernels, torch, onnxruntime, and the time to read the weights once.

    python benchmarks/inference.py              # measures what is missing, then prints
    python benchmarks/inference.py --table      # prints what the folder of records holds
    python benchmarks/inference.py --again      # measures everything anew

One layer, inputs = units, batch 1, one thread, one step a call unless it says a sequence, microseconds;
medians of rounds in which all take turns. The masks are random blocks of the layout that is measured; 1x1 is
compressed rows with 16-bit columns. The floor is the time that torch takes to add up as many bytes as the
16x1 float32 matrices have, indices included: what the machine needs to read them once. Each row of a table
is a record in benchmarks/inference/, so an interrupted run goes on where it was. Below the tables stand the
demands, each from pairs of the same run.
"""

import argparse
import itertools
import json
import os
import platform
import statistics
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import onnxruntime
import torch

from hyperprune import files
from inference_actions import VARIANTS, Action, layer_actions, variant_actions
from inference_units import unit_actions
from timing import CLOCKS, Clock, seconds

RECORDS = Path(__file__).with_name("inference")
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
    "onnxruntime",
    "onnxruntime int8",
    "torch by hand",
    "torch CSR",
    "nn.LSTM / GRU, a step a call",
)
OURS = ("16x1", "16x1 int8", "8x4", "8x4 int8", "1x1", "1x1 int8")
# (units, density, column, at most so many times, of column): what the kernels were built for
DEMANDS = (
    *((1500, density, "16x1", 3.0, "floor") for density in (0.33, 0.10, 0.05)),
    (1500, 0.10, "16x1 int8", 1 / 5, "onnxruntime int8"),
    (650, 0.10, "16x1 int8", 1 / 1.5, "onnxruntime int8"),
)
UNITS = ((650, 0.5), (1500, 0.5))  # units of both layers, density of weights
FASTER, APART = 1.7, 1e-5  # what the smaller LSTM must reach
ROUND = 2e-3  # seconds of one measurement, at least
Record = dict[str, Any]


def measured(actions: dict[str, tuple[Action, int]], rounds: int, clock: Clock) -> dict[str, list[float]]:
    """Microseconds a step of every round, by name; who goes first alternates."""
    times: dict[str, list[float]] = {name: [] for name in actions}
    repeats = {}
    for name, (action, _) in actions.items():
        action()
        repeats[name] = max(1, min(200, int(ROUND / max(seconds(action, clock), 1e-7))))
    for number in range(rounds):
        for name in list(actions) if number % 2 == 0 else reversed(list(actions)):
            action, steps = actions[name]

            def several(action: Action = action, count: int = repeats[name]) -> None:
                for _ in range(count):
                    action()

            times[name].append(round(1e6 * seconds(several, clock) / repeats[name] / steps, 3))
    return times


def cells(options: argparse.Namespace) -> Iterator[tuple[str, Any]]:
    """Names of the records, and what gives the actions and facts of each, given a folder for graphs."""
    for kind in options.kinds:
        for units in options.hidden:
            for density in options.density:
                made = (kind, units, density)
                yield (
                    f"{kind}-{units}-{density:g}",
                    lambda place, made=made: (layer_actions(*made, place), {}),
                )
    density = options.density[0]
    for units, layout, int8 in itertools.product(options.hidden[-2:], VARIANTS, (False, True)):
        name = f"{layout.name}{'-int8' if int8 else ''}-{units}"
        made = (layout, int8, units, density)
        facts = {"where": f"{units}, {density:g}"}
        yield f"variant-{name}", lambda _, made=made, facts=facts: (variant_actions(*made), facts)
    for units, density in UNITS:
        if units <= max(options.hidden):
            yield f"units-{units}-{density:g}", lambda _, made=(units, density): unit_actions(*made)


def record(name: str, make: Any, options: argparse.Namespace, place: Path) -> Record:
    """The record of a cell: the stored one, or measured now.

    Raises:
        SystemExit: it was measured on another machine, whose times must not stand beside these.
    """
    path, here = options.records / f"{name}.json", machine() | {"clock": options.clock}
    if path.is_file() and not options.again:
        known: Record = json.loads(path.read_text(encoding="utf-8"))
        if known["machine"] != here and not options.table:
            raise SystemExit(f"{path} was measured on {known['machine']}: give --again, or other --records")
        return known
    if options.table:
        raise SystemExit(f"{path} is missing: measure it first")
    before = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    actions, facts = make(place)
    found = {
        "machine": here,
        "load": round(before, 2),
        "facts": facts,
        "times": measured(actions, options.rounds, CLOCKS[options.clock]),
    }
    files.make_folder(path.parent)
    files.write_json(path, found)
    return found


def machine() -> dict[str, str]:
    """What the times depend on."""
    path = Path("/proc/cpuinfo")
    lines = path.read_text().splitlines() if path.exists() else []
    names = (line.partition(": ")[2] for line in lines if line.startswith("model name"))
    return {
        "processor": next(names, platform.machine()),
        "torch": torch.__version__,
        "onnxruntime": onnxruntime.__version__,
    }


def ratio(found: Record, one: str, other: str) -> float:
    """Median ratio of two columns within a round."""
    times = found["times"]
    return statistics.median(a / b for a, b in zip(times[one], times[other], strict=True))


def medians(found: Record, names: tuple[str, ...]) -> str:
    """The cells of a row."""
    return " | ".join(f"{statistics.median(found['times'][name]):,.1f}" for name in names)


def demands(kind: str, units: int, density: float, found: Record) -> Iterator[str]:
    """Rows of the table of what the kernels were built for."""
    for size, share, column, most, of in DEMANDS:
        if (size, share) == (units, density):
            value = ratio(found, column, of)
            met = "met" if value <= most else "NOT MET"
            yield f"| {kind} {units} | {density:g} | {column} | {of} | {value:.2f} | {most:.2f} | {met} |"


def slower_than_dense(kind: str, units: int, density: float, found: Record) -> Iterator[str]:
    """Where a dense network with 8-bit weights is faster than one of our sparse layouts."""
    for dense in ("dense int8", "onnxruntime int8"):
        lost = [f"{name} ({ratio(found, name, dense):.2f})" for name in OURS if ratio(found, name, dense) > 1]
        if lost:
            yield f"* {kind} {units}, density {density:g}: {dense} is faster than {', '.join(lost)}"


def head(*names: str) -> str:
    """Of a table in Markdown."""
    return f"| {' | '.join(names)} |\n|{' --- |' * len(names)}"


def layers(options: argparse.Namespace, found: dict[str, Record]) -> None:
    """The table of layers, the demands, and where dense 8-bit weights win."""
    names = [(k, u, d) for k in options.kinds for u in options.hidden for d in options.density]
    rows = [(kind, units, density, found[f"{kind}-{units}-{density:g}"]) for kind, units, density in names]
    print(head("layer", "density", *COLUMNS))
    for kind, units, density, own in rows:
        print(f"| {kind} {units} | {density:g} | {medians(own, COLUMNS)} |")
    print("\n" + head("layer", "density", "column", "beside", "times as long", "at most", "demand"))
    print("\n".join(line for row in rows for line in demands(*row)))
    print("\nWhere dense 8-bit weights win (in brackets, how many times as long the sparse one takes):\n")
    print("\n".join(line for row in rows for line in slower_than_dense(*row)))


def variants(found: dict[str, Record]) -> None:
    """Kernels with intrinsics beside the portable ones."""
    print("\n" + head("kernel", "lstm, density", "portable", "intrinsics", "times as fast"))
    for name, own in found.items():
        if name.startswith("variant-"):
            both, won = medians(own, ("portable", "intrinsics")), ratio(own, "portable", "intrinsics")
            kernel = " ".join(name.split("-")[1:-1])
            print(f"| {kernel} | {own['facts']['where']} | {both} | {won:.2f} |")


def structured(found: dict[str, Record]) -> None:
    """The masked LSTM beside the smaller one."""
    columns = ("masked, nn.LSTM", "smaller, nn.LSTM", "masked, C dense", "smaller, C")
    print("\n" + head("2 layers of", "units left", *columns, "nn.LSTM times as fast", "C", "apart", "demand"))
    for name, own in found.items():
        if name.startswith("units-"):
            wins = [ratio(own, *pair) for pair in (columns[:2], columns[2:])]
            apart = own["facts"]["difference"]
            met = "met" if min(wins) >= FASTER and apart <= APART else "NOT MET"
            speeds = " | ".join(f"{win:.2f}" for win in wins)
            print(
                f"| {name.split('-')[1]} | {own['facts']['units']} | {medians(own, columns)} | {speeds} | "
                f"{apart:.1e} | {met} |"
            )


def main() -> None:
    """Measure what is missing and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--hidden", type=int, nargs="+", default=[200, 650, 1500])
    parser.add_argument("--density", type=float, nargs="+", default=[0.33, 0.10, 0.05])
    parser.add_argument("--kinds", nargs="+", choices=["lstm", "gru"], default=["lstm", "gru"])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--clock", choices=list(CLOCKS), default="wall", help="cpu: where others work too")
    parser.add_argument("--records", type=Path, default=RECORDS)
    parser.add_argument("--again", action="store_true")
    parser.add_argument("--table", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(1)
    found = {}
    with tempfile.TemporaryDirectory() as place:
        for name, make in cells(options):
            found[name] = record(name, make, options, Path(place))
    own = next(iter(found.values()))["machine"]
    loads = [one["load"] for one in found.values()]
    print(
        f"{own['processor']}, one thread; load {min(loads):.1f} to {max(loads):.1f}; torch {own['torch']}, "
        f"onnxruntime {own['onnxruntime']}\n"
    )
    layers(options, found)
    variants(found)
    structured(found)


if __name__ == "__main__":
    main()
