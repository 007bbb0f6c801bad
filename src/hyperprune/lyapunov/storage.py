"""Spectra in safetensors files: numbers as tensors, conventions as JSON in the header."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as to_bytes
from torch import Tensor

from hyperprune import files
from hyperprune.errors import HyperpruneError
from hyperprune.lyapunov.conventions import Conventions

_FORMAT = "hyperprune.spectrum"
_VERSION = 2  # 1 hashed the numbers alone, not the conventions


class SpectrumFileError(HyperpruneError):
    """A file that is damaged or holds no spectrum."""


def write_spectrum(path: Path, conventions: Conventions, numbers: Mapping[str, Tensor]) -> None:
    """Write atomically; the same content gives the same bytes."""
    tensors = {name: numbers[name].detach().cpu().contiguous() for name in sorted(numbers)}
    header = files.sealed(
        {"version": _VERSION, "sha256": _digest(tensors), "conventions": asdict(conventions)}
    )
    # One entry: the library writes several in an order that differs from process to process.
    files.write_bytes(path, to_bytes(tensors, {_FORMAT: json.dumps(header, sort_keys=True, allow_nan=False)}))


def read_spectrum(path: Path, needed: set[str]) -> tuple[Conventions, dict[str, Tensor]]:
    """Conventions and numbers of a file.

    Raises:
        SpectrumFileError: missing, damaged, of another kind, or without the ``needed`` numbers.
    """
    if not path.is_file():
        raise SpectrumFileError(f"{path} is not a file: give one that Spectrum.save wrote")
    try:
        with safe_open(path, framework="pt") as stream:
            metadata = stream.metadata() or {}
            tensors = {name: stream.get_tensor(name) for name in sorted(stream.keys())}
    except (SafetensorError, OSError) as error:
        raise SpectrumFileError(f"{path} cannot be read ({error}): save the spectrum again") from error
    try:
        header = files.as_json(metadata[_FORMAT])
        version = header["version"]
        if version == _VERSION:
            header = files.unsealed(header)
        conventions = Conventions(**header["conventions"])
        whole = version in (1, _VERSION) and header["sha256"] == _digest(tensors) and needed <= set(tensors)
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise SpectrumFileError(f"{path} holds no spectrum: give a file that Spectrum.save wrote") from error
    if not whole or not _fit(tensors):
        raise SpectrumFileError(f"{path} is damaged or of another version: save the spectrum again")
    return conventions, tensors


def _fit(tensors: Mapping[str, Tensor]) -> bool:
    """Whether the numbers are those of one spectrum, in kind and shape."""
    exponents, layer = tensors["exponents"], tensors["layer"]
    shapes = {"layer": exponents.shape[1:], "counts": exponents.shape[:1], "clamped": exponents.shape}
    if exponents.ndim != 2 or 0 in exponents.shape or exponents.dtype != torch.float64:
        return False
    if any(tensors[name].shape != shape for name, shape in shapes.items()):
        return False
    if any(tensors[name].dtype != torch.int64 for name in shapes):
        return False
    running = tensors.get("running")
    if running is not None and (running.shape[1:] != exponents.shape or not running.is_floating_point()):
        return False
    # a layer has an exponent at least, or what counts them takes as much memory as its number says
    return int(layer.min()) >= 1 and int(layer.max()) <= len(layer)


def _digest(tensors: Mapping[str, Tensor]) -> str:
    sha = hashlib.sha256()
    for name, tensor in tensors.items():
        sha.update(f"{name}:{tensor.dtype}:{tuple(tensor.shape)};".encode())
        sha.update(tensor.reshape(-1).view(torch.uint8).numpy().tobytes())
    return sha.hexdigest()
