"""What a search ships: every format of its selected network, loaded in a fresh process, compared and timed.

    python benchmarks/shipping.py RUN [RUN ...]            # exports, runs, records, prints
    python benchmarks/shipping.py --table RUN [RUN ...]    # prints what the folder of records holds

Each export is loaded in a process of its own, as its README says: the folder of the format torch without
hyperprune, on its own module.py; the C program compiled with the machine's compiler. All read the same
inputs of the task, and what they give is compared with the network itself: the largest difference as a share
of the largest output, of 8-bit weights too. Microseconds are processor time of a step at batch 1, one
thread, the median of five. Each run leaves a record in benchmarks/shipping/.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from torch import Tensor

from hyperprune import files
from hyperprune.export import export
from hyperprune.export.check import difference
from hyperprune.export.smaller import without_dead_units
from hyperprune.export.subject import subject_of
from hyperprune.inference.build import compiler

RECORDS = Path(__file__).with_name("shipping")
CHILDREN = Path(__file__).with_name("shipping_children")
HEADINGS = (
    "network",
    "export",
    "bytes of weights",
    "of dense",
    "loaded by",
    "us a token",
    "apart",
    "loss, its own / 8 bits",
)
APART = 1e-5  # of the largest output, in float32


@dataclass(frozen=True)
class Shipped:
    """One export of a table.

    Attributes:
        network: ``dense`` or ``selected``.
        format: of the export.
        children: scripts of ``shipping_children/`` that load it, by what they load it with.
        choices: of :func:`hyperprune.export.export`.
    """

    network: str
    format: str
    children: tuple[tuple[str, str], ...]
    choices: tuple[tuple[str, bool], ...] = ()

    @property
    def name(self) -> str:
        """Of its row."""
        said = [f"{'no ' if not value else ''}{choice}" for choice, value in self.choices]
        return ", ".join([self.format, *said]).replace("no compact", "whole")


KERNELS, MODULE = ("hyperprune.inference", "kernels.py"), ("module.py alone", "module.py")
C, ONNX = ("the C compiler", "step.c"), ("onnxruntime", "onnx.py")
INT8, WHOLE = ("int8", True), ("compact", False)
SHIPPED = (
    Shipped("dense", "torch", (MODULE, KERNELS), (WHOLE,)),
    Shipped("dense", "c", (C,)),
    Shipped("dense", "c", (C,), (INT8,)),
    Shipped("dense", "onnx", (ONNX,)),
    Shipped("dense", "onnx", (ONNX,), (INT8,)),
    Shipped("selected", "torch", (MODULE, KERNELS)),
    Shipped("selected", "torch", (MODULE, KERNELS), (INT8,)),
    Shipped("selected", "hub", (KERNELS,)),
    Shipped("selected", "c", (C,)),
    Shipped("selected", "c", (C,), (INT8,)),
    Shipped("selected", "onnx", (ONNX,)),
    Shipped("selected", "onnx", (ONNX,), (INT8,)),
)


def measure(run: Path) -> list[dict[str, Any]]:
    """Every row of a run.

    Raises:
        SystemExit: an export in float32 differs from its network.
    """
    rows = []
    for network in dict.fromkeys(shipped.network for shipped in SHIPPED):
        dense = network == "dense"
        subject = subject_of(run, dense=dense)
        subject, traced = without_dead_units(subject, subject.traced())
        assert traced.inputs is not None, traced.why
        assert traced.outputs is not None, traced.why
        with tempfile.TemporaryDirectory() as name:
            place, inputs = Path(name), traced.inputs[:, :1].contiguous()
            safetensors.torch.save_file({"inputs": inputs}, place / "inputs.safetensors")
            for shipped in SHIPPED:
                if shipped.network != network:
                    continue
                done = export(run, place / shipped.name, shipped.format, dense=dense, **dict(shipped.choices))
                for loaded_by, child in shipped.children:
                    outputs, latency = _child(child, done.folder, place)
                    expected = traced.outputs[:, :1]
                    apart = difference(outputs[-len(expected) :], expected)
                    if INT8 not in shipped.choices and not apart <= APART:
                        raise SystemExit(
                            f"{run}, {network}, {shipped.name}: {loaded_by} is {apart:.2g} apart"
                        )
                    exact, narrow = done.check.losses or (None, None)
                    rows.append(
                        {
                            "network": network,
                            "export": shipped.name,
                            "bytes": done.weights_bytes,
                            "loaded_by": loaded_by,
                            "latency": round(latency, 2),
                            "apart": apart,
                            "loss": exact,
                            "int8_loss": narrow,
                        }
                    )
    return rows


def _child(script: str, folder: Path, place: Path) -> tuple[Tensor, float]:
    """What a fresh process gives for the inputs, and the microseconds of a step there."""
    result = place / "outputs.safetensors"
    result.unlink(missing_ok=True)
    path = CHILDREN / script
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    if script == "module.py":  # it must not need hyperprune
        environment.pop("PYTHONPATH", None)
        environment["SHIPPED_ALONE"] = "1"
    if path.suffix == ".c":
        return _program(path, folder, place)
    command = [sys.executable, str(path), str(folder), str(place / "inputs.safetensors"), str(result)]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{script} failed on {folder}: {done.stderr}")
    return safetensors.torch.load_file(result)["outputs"], float(done.stdout)


def _program(source: Path, folder: Path, place: Path) -> tuple[Tensor, float]:
    """The same of a C program on the folder's own files."""
    inputs = safetensors.torch.load_file(place / "inputs.safetensors")["inputs"]
    program = place / "step"
    own = [str(path) for path in sorted(folder.glob("*.c")) if path.name != "main.c"]
    flags = ["-O3", "-std=c99", "-march=native", "-ffp-contract=fast", f"-I{folder}"]
    subprocess.run([compiler(), *flags, str(source), *own, "-lm", "-o", str(program)], check=True)
    lines = (" ".join(f"{number:.9g}" for number in row.flatten().tolist()) for row in inputs)
    done = subprocess.run(
        [str(program)], input="\n".join(lines) + "\n", cwd=folder, capture_output=True, text=True, check=True
    )
    rows = [[float(number) for number in line.split()] for line in done.stdout.splitlines()]
    return torch.tensor(rows)[:, None], float(done.stderr)


def table(rows: Sequence[dict[str, Any]]) -> str:
    """A run's rows in Markdown."""
    dense = next(row["bytes"] for row in rows if row["network"] == "dense")
    lines = [f"| {' | '.join(HEADINGS)} |", "|" + " --- |" * len(HEADINGS)]
    for row in rows:
        losses = "" if row["int8_loss"] is None else f"{row['loss']:.4f} / {row['int8_loss']:.4f}"
        cells = (
            row["network"],
            row["export"],
            f"{row['bytes']:,}",
            f"{row['bytes'] / dense:.2f}",
            row["loaded_by"],
            f"{row['latency']:,.1f}",
            f"{row['apart']:.1e}",
            losses,
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    """Measure or read, and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN", help="of a search that has ended")
    parser.add_argument("--records", type=Path, default=RECORDS)
    parser.add_argument("--table", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(1)
    for run in options.runs:
        path = options.records / f"{run.resolve().name}.json"
        if not options.table:
            files.make_folder(path.parent)
            files.write_json(path, {"rows": measure(run.resolve())})
        rows = json.loads(path.read_text(encoding="utf-8"))["rows"]
        print(f"*{path.stem}*\n\n{table(rows)}\n")


if __name__ == "__main__":
    main()
