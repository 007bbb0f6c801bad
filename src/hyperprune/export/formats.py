"""The formats by name, and what writes each."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from hyperprune.errors import ConfigurationError
from hyperprune.export import c_source, onnx_folder, torch_folder
from hyperprune.export.onnx_graph import STEP
from hyperprune.export.subject import Subject
from hyperprune.export.trace import Traced
from hyperprune.inference.choose import Choice
from hyperprune.inference.description import WEIGHTS as TENSORS

if TYPE_CHECKING:
    from hyperprune.export.exporting import Choices

Writer = Callable[[Subject, Traced, Path, "Choices"], dict[str, Choice]]


def _torch(subject: Subject, traced: Traced, folder: Path, choices: "Choices") -> dict[str, Choice]:
    _refuse(choices, "torch", "sequence")
    torch_folder.write(
        subject, traced, folder, int8=choices.int8, dense=not choices.compact, hub=False, loss=None
    )
    return {}


def _hub(subject: Subject, traced: Traced, folder: Path, choices: "Choices") -> dict[str, Choice]:
    _refuse(choices, "hub", "sequence")
    loss = None if subject.loss is None else subject.loss(subject.network)
    torch_folder.write(
        subject, traced, folder, int8=choices.int8, dense=not choices.compact, hub=True, loss=loss
    )
    return {}


def _c(subject: Subject, traced: Traced, folder: Path, choices: "Choices") -> dict[str, Choice]:
    _refuse(choices, "c", "sequence", "compact")
    network = subject.plain(traced)
    return c_source.write(
        network, folder, int8=choices.int8, prefer=choices.prefer, vocabulary=subject.vocabulary
    ).choices


def _onnx(subject: Subject, traced: Traced, folder: Path, choices: "Choices") -> dict[str, Choice]:
    _refuse(choices, "onnx", "compact")
    onnx_folder.write(subject, traced, folder, int8=choices.int8, sequence=choices.sequence)
    return {}


def _refuse(choices: "Choices", name: str, *settings: str) -> None:
    """Refuse a choice that the format would ignore."""
    for setting in settings:
        if getattr(choices, setting) != type(choices).__dataclass_fields__[setting].default:
            raise ConfigurationError(
                f"{setting} does not belong to the format {name}, got {getattr(choices, setting)}: leave it "
                "out"
            )


WRITERS: dict[str, Writer] = {"torch": _torch, "hub": _hub, "c": _c, "onnx": _onnx}

# files that hold the weights; the first that is there; the format c says its own bytes
WEIGHTS = {
    "torch": (TENSORS,),
    "hub": (TENSORS,),
    "onnx": (onnx_folder.STEP_INT8, STEP),
}
