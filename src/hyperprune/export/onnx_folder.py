"""The folder of the format ``onnx``: graphs, and a page that says how to run them."""

import json
from pathlib import Path

from hyperprune import __version__, files
from hyperprune.export import onnx_graph
from hyperprune.export.onnx_graph import SEQUENCE, STEP, state_names
from hyperprune.export.onnx_run import quantise
from hyperprune.export.subject import Subject
from hyperprune.export.trace import Traced
from hyperprune.inference.plain import PlainNetwork

STEP_INT8, SEQUENCE_INT8 = "step.int8.onnx", "sequence.int8.onnx"


def write(subject: Subject, traced: Traced, folder: Path, *, int8: bool, sequence: bool) -> None:
    """Write the graphs; with ``int8`` the quantised ones in place of the others."""
    network = subject.plain(traced)
    onnx_graph.write_step(network, folder / STEP)
    if sequence or int8:  # the loss of 8-bit weights is measured on whole sequences
        onnx_graph.write_sequence(network, folder / SEQUENCE)
    if int8:
        quantise(folder / STEP, folder / STEP_INT8)
        quantise(folder / SEQUENCE, folder / SEQUENCE_INT8)
    if subject.vocabulary is not None:
        text = json.dumps(subject.vocabulary, ensure_ascii=False)
        files.write_bytes(folder / "vocabulary.json", text.encode())
    page = _readme(network, int8=int8, sequence=sequence)
    files.write_bytes(folder / "README.md", page.encode())


def clean(folder: Path, *, int8: bool, sequence: bool) -> None:
    """Remove the graphs that only the check needed."""
    if int8:
        (folder / STEP).unlink()
        (folder / SEQUENCE).unlink()
        if not sequence:
            (folder / SEQUENCE_INT8).unlink()


def _readme(network: PlainNetwork, *, int8: bool, sequence: bool) -> str:
    names = state_names(network)
    step, whole = (STEP_INT8, SEQUENCE_INT8) if int8 else (STEP, SEQUENCE)
    inputs = "tokens `(batch,)`, int64" if network.types else f"`(batch, {network.inputs})`, float32"
    units = sorted(set(network.units))
    lines = [
        "# A recurrent network in ONNX",
        "",
        f"`{step}` is one step. `x`: {inputs}. States {', '.join(f'`{name}`' for name in names)}: "
        f"`(batch, {' or '.join(map(str, units))})`, zeros at first. Outputs: `y` "
        f"`(batch, {network.outputs})` and each state with `_next`.",
        "",
        "```python",
        "import numpy",
        "import onnxruntime",
        "",
        f'session = onnxruntime.InferenceSession("{step}", providers=["CPUExecutionProvider"])',
        f"states = [{', '.join(f'numpy.zeros((batch, {u}), numpy.float32)' for u in _all_units(network))}]",
        f"names = {['x', *names]}",
        "y, *states = session.run(None, dict(zip(names, [x, *states])))",
        "```",
        "",
    ]
    if sequence:
        lines += [
            f"`{whole}` is a sequence of any length: the same names, with time first in `x` and `y`.",
            "",
        ]
    lines += [
        "Pruned weights are zeros in it: ONNX has no sparse products that onnxruntime runs, so it is as "
        "large as the dense network.",
        *(["Weights are 8-bit, by onnxruntime's dynamic quantiser."] if int8 else []),
        "",
        f"Written by hyperprune {__version__}.",
        "",
    ]
    return "\n".join(lines)


def _all_units(network: PlainNetwork) -> tuple[int, ...]:
    return network.units * (2 if network.kind == "lstm" else 1)
