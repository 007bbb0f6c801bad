"""Named tensors from a file of anybody's; nothing in it can run code or take more memory than it holds."""

import argparse
import pathlib
import re
import warnings
import zipfile
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor

from hyperprune import files
from hyperprune.errors import CheckpointError

_FOREIGN = re.compile(r"(?:GLOBAL|class|operand) ([\w.]+)")
# beside weights in checkpoints of many trainers; data alone, whatever is in them
_DATA: list[Any] = [argparse.Namespace, pathlib.PosixPath]
_SAVE = "save network.state_dict() alone, with torch.save or safetensors"

_ELSEWHERE = (
    "open it in the program that made it (Lightning: load_from_checkpoint of your module) and there "
    'torch.save(network.state_dict(), "weights.pt")'
)


def read_tensors(path: Path) -> dict[str, Any]:
    """What a ``.safetensors`` file or one of torch.save holds; a dictionary, of tensors or of anything plain.

    Raises:
        CheckpointError: it cannot be read, is packed, or holds more than data.
    """
    try:
        held: Any = _safetensors(path) if path.suffix == ".safetensors" else _torch(path)
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read ({error.strerror or error}): give another") from None
    if not isinstance(held, dict) or not all(isinstance(name, str) for name in held):
        raise CheckpointError(f"{path} must hold a dictionary of tensors, it holds a {_kind(held)}: {_SAVE}")
    return held


def check_plain(path: Path, name: str, tensor: Tensor) -> None:
    """Refuse a tensor whose numbers cannot simply be copied into a weight.

    Raises:
        CheckpointError: it has no numbers (meta), or they are sparse, quantised, nested or complex.
    """
    kinds = {
        "has no values (it is on the device meta)": tensor.is_meta,
        "is nested": tensor.is_nested,
        "is sparse": not tensor.is_nested and tensor.layout is not torch.strided,
        "is quantised": tensor.is_quantized,
        "is complex, and a weight is real": tensor.is_complex(),
    }
    for what, applies in kinds.items():
        if applies:
            raise CheckpointError(f"{path} is not plain: {name} {what}; give dense real weights")


def _safetensors(path: Path) -> dict[str, Tensor]:
    try:
        return safetensors.torch.load(files.read_bytes(path))
    except (SafetensorError, RuntimeError, ValueError, KeyError, TypeError) as error:
        raise CheckpointError(
            f"{path} cannot be read as safetensors ({_first_line(error)}): {_SAVE}"
        ) from None


def _torch(path: Path) -> Any:
    with files.opened(path) as stream, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of torch, about formats that are refused below
        _check_unpacked(path, stream)
        stream.seek(0)
        try:
            with torch.serialization.safe_globals(_DATA):
                return torch.load(stream, map_location="cpu", weights_only=True)
        except OSError:
            raise
        except Exception as error:  # a pickle that is not one makes torch fail in any way there is
            raise CheckpointError(f"{path} cannot be read as weights alone {_why(error)}") from None


def _check_unpacked(path: Path, stream: Any) -> None:
    """torch.save packs nothing, so an archive that holds more than its own size is none of its."""
    if not zipfile.is_zipfile(stream):
        return
    try:
        with zipfile.ZipFile(stream) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise CheckpointError(f"{path} cannot be read ({_first_line(error)}): {_SAVE}") from None
    packed = any(entry.compress_type != zipfile.ZIP_STORED for entry in entries)
    if packed or sum(entry.file_size for entry in entries) > path.stat().st_size:
        raise CheckpointError(f"{path} is a packed archive, which torch.save never writes: {_SAVE}")


def _why(error: Exception) -> str:
    """What is wrong, without torch's advice to read the file in a way that runs what it holds."""
    foreign = _FOREIGN.search(str(error))
    if foreign is not None:
        return f"(it holds a {foreign[1]}): {_ELSEWHERE}"
    said = _first_line(error)
    why = type(error).__name__ if "weights_only" in said or "Weights only load failed" in said else said
    return f"({why}): {_SAVE}"


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0][:200]}" if lines else type(error).__name__


def _kind(value: Any) -> str:
    return "dictionary with other keys than names" if isinstance(value, dict) else type(value).__name__
