"""What the check of each format runs."""

import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from hyperprune.errors import ExportError
from hyperprune.export import onnx_folder
from hyperprune.export.check import (
    TOLERANCE,
    Check,
    difference,
    module_with_int8,
    require_equal,
    with_int8,
)
from hyperprune.export.onnx_graph import SEQUENCE, STEP
from hyperprune.export.onnx_run import OnnxSession
from hyperprune.export.stand_in import LanguageStandIn, StandIn
from hyperprune.export.subject import Subject
from hyperprune.export.trace import Traced
from hyperprune.inference.build import BuildError, compiler
from hyperprune.inference.by_hand import ByHand
from hyperprune.inference.folder import read_folder
from hyperprune.inference.load import load, load_pretrained
from hyperprune.inference.plain import PlainNetwork

if TYPE_CHECKING:
    from hyperprune.export.exporting import Choices

_SECONDS = 600
_INT8_MOST = 0.5  # of the largest output; what 8 bits may change, beyond which something is broken


def _folder(subject: Subject, traced: Traced, folder: Path, choices: "Choices") -> Check:
    """Load the folder and run it; a network of ours also as a module."""
    reference = module_with_int8(subject.network) if choices.int8 else subject.network
    if traced.names is None:
        return _module_only(subject, folder, choices, reference)
    running = load(folder)
    inputs = _given(traced)
    expected = _reference(subject, traced, int8=choices.int8)
    outputs, _ = running.run(inputs)
    found = difference(outputs, expected)
    require_equal(found, running.kernel)
    steps, batch = inputs.shape[:2]
    return Check(running.why, found, steps, batch, subject.real, _losses(subject, reference, choices))


def _module_only(subject: Subject, folder: Path, choices: "Choices", reference: torch.nn.Module) -> Check:
    """A network without kernels: the module that comes back, or where its class is not ours, its tensors."""
    losses = _losses(subject, reference, choices)
    inputs = subject.inputs if isinstance(subject.inputs, tuple) else (subject.inputs,)
    twin = reference
    if subject.model is not None:
        twin = load_pretrained(folder)
    else:
        reference.load_state_dict(read_folder(folder).state())
    with torch.no_grad():
        one, other = twin(*inputs), subject.network(*inputs)
    first, second = (value[0] if isinstance(value, tuple) else value for value in (one, other))
    found = difference(first, second)
    require_equal(found, "the module", _INT8_MOST if choices.int8 else TOLERANCE)
    steps, batch = (*inputs[0].shape, 1, 1)[:2]
    return Check("torch", found, steps, batch, subject.real, losses)


def _c(subject: Subject, traced: Traced, folder: Path, choices: "Choices") -> Check:
    """Compile the example and let it read a sequence."""
    reference = module_with_int8(subject.network) if choices.int8 else subject.network
    inputs = _given(traced)[:, :1]
    losses = _losses(subject, reference, choices)
    try:
        command = compiler()
    except BuildError as error:
        return Check(f"nothing: {error}", float("nan"), 0, 0, subject.real, losses)
    outputs = run_example(command, folder, inputs)
    found = difference(outputs, _reference(subject, traced, int8=choices.int8)[:, :1])
    require_equal(found, "the program in C")
    return Check(f"main.c, built by {command}", found, len(inputs), 1, subject.real, losses)


def run_example(command: str, folder: Path, inputs: Tensor, *flags: str) -> Tensor:
    """Build a folder's example elsewhere and run it on one sequence; outputs ``(time, 1, outputs)``.

    Args:
        command: the compiler.
        folder: of the format c.
        inputs: tokens ``(time, 1)`` or ``(time, 1, features)``.
        flags: for the compiler, after those of the README.

    Raises:
        ExportError: it cannot be built, or fails.
    """
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        for path in folder.iterdir():
            shutil.copy(path, place / path.name)
        files = sorted(path.name for path in place.glob("*.c"))
        build = [command, "-O3", "-std=c99", "-ffp-contract=fast", *flags, *files, "-lm", "-o", "example"]
        lines = (" ".join(f"{number:.9g}" for number in row.flatten().tolist()) for row in inputs)
        _run(build, place, None)
        printed = _run(["./example"], place, "\n".join(lines) + "\n")
    rows = [[float(number) for number in line.split()] for line in printed.splitlines()]
    return torch.tensor(rows)[:, None]


def _onnx(subject: Subject, traced: Traced, folder: Path, choices: "Choices") -> Check:
    """Run each graph; of 8-bit ones the difference is what the quantiser makes it."""
    network, inputs = subject.plain(traced), _given(traced)
    expected = _reference(subject, traced, int8=False)
    found = difference(OnnxSession(folder / STEP).steps(network, inputs), expected)
    require_equal(found, "the graph of one step")
    if (folder / SEQUENCE).exists():
        whole = difference(OnnxSession(folder / SEQUENCE).sequence(network, inputs), expected)
        require_equal(whole, "the graph of sequences")
        found = max(found, whole)
    losses = None
    if choices.int8:
        session = OnnxSession(folder / onnx_folder.SEQUENCE_INT8)
        found = difference(OnnxSession(folder / onnx_folder.STEP_INT8).steps(network, inputs), expected)
        require_equal(found, "the quantised graph", _INT8_MOST)
        losses = _stand_in_losses(subject, session, network)
    onnx_folder.clean(folder, int8=choices.int8, sequence=choices.sequence)
    steps, batch = inputs.shape[:2]
    return Check("onnxruntime", found, steps, batch, subject.real, losses)


def _stand_in_losses(
    subject: Subject, session: OnnxSession, network: PlainNetwork
) -> tuple[float, float] | None:
    if subject.loss is None:
        return None
    twin = (
        LanguageStandIn(session, network)
        if subject.vocabulary is not None
        else StandIn(subject.network, session, network)
    )
    return subject.loss(subject.network), subject.loss(twin)


def _losses(subject: Subject, reference: torch.nn.Module, choices: "Choices") -> tuple[float, float] | None:
    """On the validation part, where 8 bits make them differ: of the network, and of its 8-bit form."""
    if not choices.int8 or subject.loss is None:
        return None
    return subject.loss(subject.network), subject.loss(reference)


def _given(traced: Traced) -> Tensor:
    assert traced.inputs is not None, traced.why
    return traced.inputs


def _reference(subject: Subject, traced: Traced, *, int8: bool) -> Tensor:
    """Outputs at every step by torch: of the network's own weights, or of those that 8 bits stand for.

    The network itself was run when it was traced; what it gave is what its weights give here, or it is said.
    """
    assert traced.outputs is not None, traced.why
    network = subject.plain(traced)
    inputs = _given(traced)
    engine_inputs = inputs.to(torch.int32) if network.types else inputs
    zeros = torch.zeros(sum(network.units) * inputs.shape[1] * (2 if network.kind == "lstm" else 1))
    outputs = ByHand(network, "").run(engine_inputs, zeros.clone())
    own = difference(outputs[-len(traced.outputs) :], traced.outputs)
    require_equal(own, "torch by hand")
    return ByHand(with_int8(network), "").run(engine_inputs, zeros) if int8 else outputs


def _run(command: list[str], place: Path, text: str | None) -> str:
    try:
        done = subprocess.run(
            command, cwd=place, input=text, capture_output=True, text=True, check=True, timeout=_SECONDS
        )
    except (OSError, subprocess.SubprocessError) as error:
        said = str(getattr(error, "stderr", None) or error).strip().splitlines()
        raise ExportError(
            f"{command[0]} failed on the export ({said[0] if said else error}): name another compiler in CC"
        ) from None
    return done.stdout


CHECKS: dict[str, Callable[[Subject, Traced, Path, "Choices"], Check]] = {
    "torch": _folder,
    "hub": _folder,
    "c": _c,
    "onnx": _onnx,
}
