"""One call: find the network, write the folder, run both, and keep the folder only if they agree."""

import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from hyperprune import files
from hyperprune.errors import ConfigurationError, RunFolderError
from hyperprune.export import c_source, check_formats, formats
from hyperprune.export.accounting.counting import counted
from hyperprune.export.accounting.stored import write_account
from hyperprune.export.check import Check
from hyperprune.export.smaller import without_dead_units
from hyperprune.export.subject import Source, Subject, subject_of
from hyperprune.export.trace import Traced
from hyperprune.inference.choose import Choice, Prefer

Format = Literal["torch", "hub", "c", "onnx"]


@dataclass(frozen=True)
class Choices:
    """What a user decides about an export.

    Attributes:
        int8: 8-bit weights with a scale for each row.
        compact: keep only live weights, in the formats torch and hub; else a plain state dictionary.
        sequence: with a graph of whole sequences beside that of one step, in the format onnx.
        prefer: what decides how each matrix is kept, in the format c: size or speed.
    """

    int8: bool = False
    compact: bool = True
    sequence: bool = False
    prefer: Prefer = "size"


@dataclass(frozen=True)
class Export:
    """An export that was written and checked.

    Attributes:
        folder: where.
        format: which.
        bytes: of all its files.
        weights_bytes: of the weights: of their file, or in C of the network that a program holds.
        plain: what stands against running it on the kernels; empty if nothing does.
        kept: how each matrix is kept, in the format c.
        check: what running both found.
        units: of each layer, by its recurrent matrix, before and after, if pruning took whole ones out.
    """

    folder: Path
    format: str
    bytes: int
    weights_bytes: int
    plain: str
    kept: dict[str, Choice]
    check: Check
    units: dict[str, tuple[int, int]] = field(default_factory=dict)


def export(
    source: Source,
    out: str | Path,
    format: Format = "torch",  # what people call it
    *,
    int8: bool = False,
    compact: bool = True,
    sequence: bool = False,
    prefer: Prefer = "size",
    candidate: int | None = None,
    dense: bool = False,
    task: str | None = None,
    inputs: Any = None,
) -> Export:
    """Write a trained network in a form that others can use, and check it by running both.

    Args:
        source: a run folder, a checkpoint, or a module of torch.
        out: the folder to write; it must not exist, or be empty.
        format: ``torch`` (safetensors and config), ``hub`` (that with a model card), ``c`` (C99 source and
            weights) or ``onnx`` (needs the extra ``onnx``).
        int8: 8-bit weights with a scale for each row; in ``onnx`` by onnxruntime's own quantiser.
        compact: in ``torch`` and ``hub``, keep only live weights and where they are; False writes a plain
            state dictionary.
        sequence: in ``onnx``, write a graph of whole sequences too.
        prefer: in ``c``, what decides how each matrix is kept: ``size`` or ``speed``.
        candidate: of a search; the selected one if left out.
        dense: the dense reference of a search.
        task: for a network of a task of your own, its name again.
        inputs: for a module, its argument, or a tuple of several, to check the export with.

    Raises:
        ExportError: the outputs differ; nothing is kept then.
        ConfigurationError: the network does not go into this format.
        CheckpointError: there is no such network, or it is damaged.
        RunFolderError: ``out`` holds something.
    """
    if format not in formats.WRITERS:
        raise ConfigurationError(f"unknown format {format!r}: choose one of {', '.join(formats.WRITERS)}")
    place = files.place(out)
    _refuse_full(place)
    subject = subject_of(source, candidate=candidate, dense=dense, task=task, inputs=inputs)
    traced = subject.traced()
    before = _units(subject, traced)
    subject, traced = without_dead_units(subject, traced)
    after = _units(subject, traced)
    units = {name: (count, after[name]) for name, count in before.items() if after != before}
    choices = Choices(int8=int8, compact=compact, sequence=sequence, prefer=prefer)
    write, check = formats.WRITERS[format], check_formats.CHECKS[format]
    kept, checked = _written(place, format, subject, traced, choices, write, check)
    size = sum(path.stat().st_size for path in place.rglob("*") if path.is_file())
    return Export(place, format, size, _weights(place, format), traced.why, kept, checked, units)


def _weights(folder: Path, format: str) -> int:
    """Bytes of the weights in an exported folder."""
    if format == "c":  # in arrays a file of source takes three times as many
        return c_source.network_bytes(folder)
    known = (folder / name for name in formats.WEIGHTS[format])
    return next((path.stat().st_size for path in known if path.exists()), 0)


def _units(subject: Subject, traced: Traced) -> dict[str, int]:
    """Units of each layer of a plain network, by its recurrent matrix."""
    parameters, _ = subject.parameters()
    layers = () if traced.names is None else traced.names.layers
    return {layer.weight_hh: parameters[layer.weight_hh].shape[1] for layer in layers}


def _written(
    place: Path,
    format: Format,
    subject: Subject,
    traced: Traced,
    choices: Choices,
    write: Callable[[Subject, Traced, Path, Choices], dict[str, Choice]],
    check: Callable[[Subject, Traced, Path, Choices], Check],
) -> tuple[dict[str, Choice], Check]:
    """Write beside the place, check there, and rename: a folder that stands is whole and checked."""
    place.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(dir=place.parent, prefix=f".{place.name}-"))
    try:
        kept = write(subject, traced, scratch, choices)
        checked = check(subject, traced, scratch, choices)
        if format in ("c", "onnx"):  # whose weights are not read back
            write_account(scratch, format, _weights(scratch, format), counted(subject.plain(traced)))
        scratch.chmod(0o777 & ~_umask())
        os.replace(scratch, place)
    except BaseException:
        shutil.rmtree(scratch, ignore_errors=True)
        raise
    return kept, checked


def _refuse_full(place: Path) -> None:
    if place.exists() and not (place.is_dir() and not any(place.iterdir())):
        raise RunFolderError(f"{place} holds something already: give another --out, or empty it")


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
