"""The formats ``torch`` and ``hub``: weights in safetensors, config.json, and a page on their use."""

from importlib.resources import files as resources
from pathlib import Path

import safetensors.torch
import torch
from torch import Tensor

from hyperprune import __version__, files
from hyperprune.errors import ConfigurationError
from hyperprune.export.card import card, readme
from hyperprune.export.subject import Subject
from hyperprune.export.trace import Traced
from hyperprune.inference.compact import TensorRecord, compacted
from hyperprune.inference.description import CONFIG, WEIGHTS, Description
from hyperprune.sparsity.parameters.uses import uses

MODULE = "module.py"


def write(
    subject: Subject,
    traced: Traced,
    folder: Path,
    *,
    int8: bool,
    dense: bool,
    hub: bool,
    loss: float | None,
) -> Description:
    """Write the folder's files.

    Args:
        subject: what is exported.
        traced: the plain network inside it.
        folder: exists.
        int8: matrices as 8-bit whole numbers with a scale for each row.
        dense: every tensor whole, under its own name, as a plain state dictionary.
        hub: with a model card in place of a plain README.
        loss: of the network on the validation part, where it is known.

    Raises:
        ConfigurationError: int8 and dense at once.
    """
    if int8 and dense:
        raise ConfigurationError("a dense state dictionary holds float32 weights: leave out dense or int8")
    records, tensors, tied = _tensors(subject, int8=int8, dense=dense)
    files.write_bytes(folder / WEIGHTS, safetensors.torch.save(tensors))
    description = Description(
        written_by=__version__,
        network=type(subject.network).__name__,
        weights_sha256=files.sha256(folder / WEIGHTS),
        tensors=records,
        tied=tied,
        model=subject.model,
        plain=traced.names,
        int8=int8,
        vocabulary=subject.vocabulary,
        level=subject.level,
        task=subject.task,
        score={} if loss is None else {"name": subject.score.name, "valid": subject.score.shown(loss)},
    )
    files.write_json(folder / CONFIG, description.model_dump(mode="json", by_alias=True))
    if traced.names is not None:
        text = resources("hyperprune.export").joinpath("standalone.py").read_bytes()
        files.write_bytes(folder / MODULE, text)
    page = card(subject, description) if hub else readme(subject, description)
    files.write_bytes(folder / "README.md", page.encode())
    return description


def _tensors(
    subject: Subject, *, int8: bool, dense: bool
) -> tuple[dict[str, TensorRecord], dict[str, Tensor], dict[str, str]]:
    kept, tied = subject.parameters()
    gates = {name: count for name, (_, count) in uses(subject.network).items()}
    matrices = subject.matrices(gates)
    records: dict[str, TensorRecord] = {}
    tensors: dict[str, Tensor] = {}
    for name, value in kept.items():
        if name in matrices and not dense:
            records[name], own = compacted(name, matrices[name], int8=int8)
            tensors |= own
            continue
        live = matrices[name].count if name in matrices else value.numel()
        records[name] = TensorRecord(shape=tuple(value.shape), gates=gates.get(name, 1), live=live)
        tensors[name] = (matrices[name].weight if name in matrices else _plain(value)).contiguous()
    if dense:  # load_state_dict asks for every name
        tensors |= {name: tensors[other].clone() for name, other in tied.items()}
    return records, tensors, tied


def _plain(value: Tensor) -> Tensor:
    return value.to(torch.float32) if value.is_floating_point() else value
